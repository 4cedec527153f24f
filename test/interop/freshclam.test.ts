import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type TestNetwork, testNetwork } from '../support/network.ts'
import { realData, run, without, withoutRealData } from '../support/run.ts'
import { Tap } from '../support/tap.ts'

const skip = without('ssh', 'rsync', 'freshclam', 'sigtool') || withoutRealData()
const cvd = (version: number) => ({ path: realData(`clamav/test-${version}.cvd`), as: 'test.cvd' })
const cdiff = (version: number) => realData(`clamav/test-${version}.cdiff`)

/** A stock freshclam with a database folder of its own that asks these servers, without DNS. */
async function freshclam(network: TestNetwork, name: string, servers: readonly string[]) {
  const folder = join(network.folder, name)
  await mkdir(folder, { recursive: true })
  const conf = join(folder, '..', `${name}.conf`)
  const owner = process.getuid?.() === 0 ? ['DatabaseOwner root'] : []
  const lines = [
    ...owner,
    `DatabaseDirectory ${folder}`,
    'MaxAttempts 1',
    ...servers.map((server) => `DatabaseMirror ${server}`),
  ]
  await writeFile(conf, `${lines.join('\n')}\n`)
  const update = () =>
    run('freshclam', ['--no-dns', '--stdout', `--config-file=${conf}`, '--update-db=test'])
  return { folder, update }
}

function urlOf(network: TestNetwork, at: number): string {
  const mirror = network.json.mirrors[at]
  assert.ok(mirror)
  return `http://${mirror.host}:${mirror.httpPort}`
}

async function tapOf(network: TestNetwork, at: number): Promise<Tap> {
  const mirror = network.json.mirrors[at]
  assert.ok(mirror)
  return Tap.before({ host: mirror.host, port: mirror.httpPort })
}

async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}

/** Version of what lies in a client's folder, as sigtool reads it; it also verifies. */
async function versionIn(folder: string): Promise<string> {
  const [file] = (await readdir(folder)).filter((name) => /^test\.c[vl]d$/.test(name))
  assert.ok(file)
  const info = await run('sigtool', ['--info', join(folder, file)])
  return /^Version: (\d+)$/m.exec(info.out)?.[1] ?? info.all
}

test('stock freshclam takes a release whole, then is up to date without a body', {
  skip,
}, async () => {
  await using network = await testNetwork()
  await network.release([cvd(1)])
  await using tap = await tapOf(network, 0)
  const client = await freshclam(network, 'client', [tap.url])
  const first = await client.update()
  assert.equal(first.status, 0, first.all)
  assert.equal(await sha256(join(client.folder, 'test.cvd')), await sha256(cvd(1).path))
  tap.exchanges.length = 0
  const second = await client.update()
  assert.equal(second.status, 0, second.all)
  assert.match(second.all, /up-to-date/)
  assert.deepEqual(tap.paths, ['/test.cvd'])
  // formats.md 5.5: Last-Modified is the build time, so the conditional header check costs no byte of body.
  assert.match(tap.exchanges[0]?.request ?? '', /Range: bytes=0-511/)
  assert.equal(tap.exchanges[0]?.status, 'HTTP/1.1 304 Not Modified')
  assert.equal(tap.exchanges[0]?.bodyBytes, 0)
})

test('stock freshclam goes from version 1 to 5 by four patches', { skip }, async () => {
  await using network = await testNetwork()
  await network.release([cvd(1)])
  await using tap = await tapOf(network, 1)
  const client = await freshclam(network, 'client', [tap.url])
  assert.equal((await client.update()).status, 0)
  for (const version of [2, 3, 4, 5]) await network.release([cvd(version), cdiff(version)])
  tap.exchanges.length = 0
  const update = await client.update()
  assert.equal(update.status, 0, update.all)
  assert.deepEqual(tap.paths, [
    '/test.cvd',
    '/test-2.cdiff',
    '/test-3.cdiff',
    '/test-4.cdiff',
    '/test-5.cdiff',
  ])
  assert.equal(await versionIn(client.folder), '5')
})

test('without patches stock freshclam takes the whole new database', { skip }, async () => {
  await using network = await testNetwork()
  await network.release([cvd(1)])
  const client = await freshclam(network, 'client', [urlOf(network, 0)])
  assert.equal((await client.update()).status, 0)
  await network.release([cvd(5)])
  const update = await client.update()
  assert.equal(update.status, 0, update.all)
  assert.equal(await versionIn(client.folder), '5')
})

test('an empty patch makes stock freshclam take the whole', { skip }, async () => {
  await using network = await testNetwork()
  await network.release([cvd(1)])
  await using tap = await tapOf(network, 1)
  const client = await freshclam(network, 'client', [tap.url])
  assert.equal((await client.update()).status, 0)
  const empty = join(network.folder, 'empty')
  await writeFile(empty, '')
  // Beside it nobody gets to the next one, so that one could not be tried.
  const both = [cvd(3), { path: empty, as: 'test-2.cdiff' }, { path: cdiff(3), as: 'test-3.cdiff' }]
  await assert.rejects(network.release(both), /test-3\.cdiff.*empty patch/)
  await network.release([cvd(2), { path: empty, as: 'test-2.cdiff' }])
  tap.exchanges.length = 0
  const update = await client.update()
  assert.equal(update.status, 0, update.all)
  assert.deepEqual(tap.paths, ['/test.cvd', '/test-2.cdiff', '/test.cvd'])
  assert.equal(await versionIn(client.folder), '2')
  assert.equal(await sha256(join(client.folder, 'test.cvd')), await sha256(cvd(2).path))
})

test('when a mirror dies half-way the next one takes over', { skip }, async () => {
  await using network = await testNetwork()
  await network.release([cvd(5)])
  await using dying = await tapOf(network, 0)
  dying.cutAfterBytes = 4000
  await using healthy = await tapOf(network, 1)
  const client = await freshclam(network, 'client', [dying.url, healthy.url])
  const update = await client.update()
  assert.equal(update.status, 0, update.all)
  assert.ok(dying.paths.includes('/test.cvd'))
  assert.ok(healthy.paths.includes('/test.cvd'))
  assert.equal(await sha256(join(client.folder, 'test.cvd')), await sha256(cvd(5).path))
})
