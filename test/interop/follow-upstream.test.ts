import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Running } from '../support/cvdnet.ts'
import { lyingUpstream } from '../support/lying-upstream.ts'
import { writeNodes } from '../support/nodes.ts'
import { Reloading } from '../support/reloading.ts'
import { eventually, realData, run, without, withoutRealData } from '../support/run.ts'

const skip = without('ssh', 'rsync', 'freshclam') || withoutRealData()

const real = (file: string) => readFile(realData(`clamav/${file}`))

test('a fleet behind a master that follows ClamAV updates by patch, as the master itself did', {
  skip,
}, async () => {
  await using owned = new AsyncDisposableStack()
  const { path: folder } = owned.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-fleet-')))
  const upstream = owned.use(await lyingUpstream({ 'test.cvd': await real('test-3.cvd') }))
  const nodes = await writeNodes(folder)
  const text = await readFile(nodes.master, 'utf8')
  const following = (databases: string) =>
    `${text}[master.upstream]\nservers = ["${upstream.url}"]\ndatabases = ${databases}\n`
  const mirror = owned.use(new Running(nodes.mirror))
  await mirror.says(/mirror1: mirror, http/)
  const master = owned.use(await Reloading.start(nodes.master, following('["test"]')))
  await master.says(/rsync1: upstream: test is new: version 3, whole, 9483 bytes fetched/)

  const client = join(folder, 'client')
  await mkdir(client)
  const conf = join(folder, 'freshclam.conf')
  const owner = process.getuid?.() === 0 ? 'DatabaseOwner root\n' : ''
  const url = `http://127.0.1.1:${nodes.ports.http}`
  await writeFile(
    conf,
    `${owner}DatabaseDirectory ${client}\nDatabaseMirror ${url}\nMaxAttempts 1\n`,
  )
  const freshclam = async () => {
    const args = ['--no-dns', '--stdout', `--config-file=${conf}`, '--update-db=test']
    const end = await run('freshclam', args)
    assert.equal(end.status, 0, end.all)
    return end.all
  }
  assert.match(await freshclam(), /test\.cvd updated \(version: 3/)

  const asked = upstream.asked.length
  for (const name of ['test-4.cdiff', 'test-5.cdiff']) upstream.files[name] = await real(name)
  upstream.files['test.cvd'] = await real('test-5.cvd')
  // Other settings are followed at once, and the next look with them.
  await master.reload(
    /reloaded: master \(stopped and started anew\)/,
    following('["test", "bytecode"]'),
  )
  await eventually(async () =>
    assert.match(master.said, /upstream: test 3 → version 5, by patches, 1938 bytes fetched/),
  )
  await eventually(async () =>
    assert.match(master.said, /bytecode could not be had: no server has bytecode\.cvd/),
  )
  assert.deepEqual(upstream.asked.slice(asked, asked + 3), [
    'test.cvd bytes=0-511',
    'test-4.cdiff',
    'test-5.cdiff',
  ])
  assert.match(await freshclam(), /test\.cld updated \(version: 5/)
  assert.deepEqual(
    (await readdir(client)).filter((file) => file.startsWith('test')),
    ['test.cld'],
  )
  const served = await fetch(`${url}/test.cvd`)
  assert.deepEqual(Buffer.from(await served.arrayBuffer()), await real('test-5.cvd'))
  // Restarted, it asks nobody before its time.
  const before = upstream.asked.length
  assert.equal(await master.end('SIGTERM'), 0, master.said)
  const again = owned.use(new Running(nodes.master))
  await again.says(/calls mirrors with this key/)
  assert.equal(upstream.asked.length, before)
})
