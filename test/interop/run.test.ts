import assert from 'node:assert/strict'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Running } from '../support/cvdnet.ts'
import { sigmaker, writeNodes } from '../support/nodes.ts'
import { startPostgres, withoutPostgres } from '../support/postgres.ts'
import { eventually, realData, run, without, withoutRealData } from '../support/run.ts'

const skip = without('ssh', 'rsync') || withoutRealData()

test('a master and a mirror run from settings files, and go on after a kill', {
  skip,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-run-'))
  const { master, mirror, ports, identity } = await writeNodes(folder.path)
  const { release } = sigmaker(identity, ports.ssh, folder.path)
  const served = async () => {
    const answer = await fetch(`http://127.0.1.1:${ports.http}/test.cvd`)
    return Buffer.from(await answer.arrayBuffer())
  }
  await using first = new Running(mirror)
  await using rsync1 = new Running(master)
  await first.says(/mirror1: mirror, http/)
  await rsync1.says(/rsync1: master, ssh/)
  const one = await release(1)
  assert.equal(one.status, 0, one.all)
  assert.match(one.out, /1 of 1 mirrors serve it/)
  assert.deepEqual(await served(), await readFile(realData('clamav/test-1.cvd')))

  // Promise 5: what a mirror missed while it was away is made up, here by the master's own retries.
  await first.end('SIGKILL')
  const two = await release(2)
  assert.equal(two.status, 0, two.all)
  assert.match(two.err, /not yet on mirror1/)
  await using second = new Running(mirror)
  await second.says(/mirror1: mirror, http/)
  assert.deepEqual(await served(), await readFile(realData('clamav/test-1.cvd')))
  await rsync1.end('SIGKILL')
  await using again = new Running(master)
  await again.says(/rsync1: master, ssh/)
  for (let look = 0; look < 200 && (await served()).byteLength !== 8387; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.deepEqual(await served(), await readFile(realData('clamav/test-2.cvd')))
  assert.equal(await again.end('SIGTERM'), 0, again.said)
  assert.equal(await second.end('SIGTERM'), 0, second.said)
})

// Decision 9, over a restart.
test('a master whose PostgreSQL is away starts, serves and lets in; publishing waits for it', {
  skip: skip || (await withoutPostgres()),
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-run-'))
  await using postgres = await startPostgres()
  const env = { STORE_URL: await postgres.database() }
  const store = '[store]\nkind = "postgres"\nurl_env = "STORE_URL"'
  const { master, mirror, ports, identity } = await writeNodes(folder.path, store)
  const { release } = sigmaker(identity, ports.ssh, folder.path)
  await using one = new Running(mirror)
  await using first = new Running(master, env)
  await one.says(/mirror1: mirror, http/)
  await first.says(/rsync1: master, ssh/)
  const published = await release(1)
  assert.match(published.out, /1 of 1 mirrors serve it/, published.all)
  assert.equal(await first.end('SIGTERM'), 0, first.said)

  await postgres.stop()
  await using second = new Running(master, env)
  await second.says(/going on with what was known last/)
  await second.says(/rsync1: master, ssh/)
  const releasing = release(2)
  await eventually(async () => {
    const pull = await run('rsync', [`rsync://mirror1@127.0.0.1:${ports.rsync}/clamavdb/`], {
      env: { RSYNC_PASSWORD: 'wonderland' },
    })
    assert.match(pull.out, /test\.cvd/)
  })
  await postgres.start()
  const late = await releasing
  assert.equal(late.status, 0, late.all)
  assert.match(late.out, /test 2 is published as release 2[\s\S]*1 of 1 mirrors serve it/)
  assert.equal(await second.end('SIGTERM'), 0, second.said)
})
