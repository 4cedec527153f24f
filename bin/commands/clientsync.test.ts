import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { asText, contentOf, releaseFiles } from '../../test/support/mirror-sync.ts'
import { type MirrorWorld, mirrorWorld } from '../../test/support/mirror-world.ts'

const CVDNET = join(import.meta.dirname, '../cvdnet.ts')

async function clientsync(it: MirrorWorld, ...args: readonly string[]) {
  const child = spawn(process.execPath, [CVDNET, 'clientsync', ...args], {
    env: { ...process.env, HOME: it.home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err]: [string[], string[]] = [[], []]
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text))
  await once(child, 'close')
  return { status: child.exitCode, out: out.join(''), err: err.join('') }
}

test('0 done: the conf is found at home, and the document root is filled', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, releaseFiles(it, 1))
  const ran = await clientsync(it, 'rsync1')
  assert.deepEqual([ran.status, ran.err], [0, ''])
  assert.match(ran.out, /release 1 generation 1: 12 files published/)
  assert.deepEqual(await contentOf(it.docroot), asText(releaseFiles(it, 1)))
})

test('1 refused, 3 when the world fails, with the reason on standard error', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, { ...releaseFiles(it, 1), 'daily.cvd': it.cvd('main', 1) })
  const refused = await clientsync(it, 'rsync1', '--conf', it.conf)
  assert.equal(refused.status, 1)
  assert.match(refused.err, /rsync1: refused: daily\.cvd is not a database to publish/)
  const failed = await clientsync(it, 'gone')
  assert.equal(failed.status, 3)
  assert.match(failed.err, /nothing listens there/)
})

test('2 wrong use: every fault of the conf at once, and never the password', async () => {
  await using it = await mirrorWorld()
  await writeFile(
    it.conf,
    `TO=${it.home}\nRSYNC_PASSWORD='pass word'\nMODULE='a b'\nSTATE=${it.home}/state\n$(rm -rf /)\n`,
  )
  const bad = await clientsync(it, 'rsync1')
  assert.equal(bad.status, 2)
  for (const words of [/RSYNC_USER/, /MODULE/, /5/]) assert.match(bad.err, words)
  assert.doesNotMatch(bad.err, /pass word/)
  await it.writeConf({
    TO: it.home,
    STATE: join(it.home, 'x'),
    TUF_ROOT: '/nowhere',
    PUBLISHER_KEYS: '/none',
  })
  const places = await clientsync(it, 'rsync1')
  assert.equal(places.status, 2)
  for (const words of [
    /TO is a home folder/,
    /STATE lies inside TO/,
    /TUF_ROOT/,
    /PUBLISHER_KEYS/,
  ]) {
    assert.match(places.err, words)
  }
  assert.equal((await clientsync(it, 'rsync1', '--conf', '/nowhere.conf')).status, 2)
  await it.writeConf()
  assert.equal((await clientsync(it, 'no such master')).status, 2)
  assert.equal((await clientsync(it)).status, 2)
})

test('many at once: one after the other or queued, all 0, and the newest is there', async () => {
  await using it = await mirrorWorld()
  await mkdir(it.docroot)
  await it.publish(1, releaseFiles(it, 1))
  const runs = [1, 2, 3, 4].map(() => clientsync(it, 'rsync1'))
  await it.publish(2, releaseFiles(it, 2))
  const last = clientsync(it, 'rsync1')
  for (const run of await Promise.all([...runs, last])) assert.equal(run.status, 0, run.err)
  assert.deepEqual(await contentOf(it.docroot), asText(releaseFiles(it, 2)))
})
