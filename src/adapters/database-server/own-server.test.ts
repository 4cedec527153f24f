import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSnapshot, startHttpServer } from '#adapters/http/index.ts'
import { epochSeconds } from '#base/time.ts'
import { cuttingRelay } from '../../../test/support/cutting-relay.ts'
import { databaseClient } from '../../../test/support/database-client.ts'
import { BIG, BUILT, makeServedTree } from '../../../test/support/serving/tree.ts'

const signal = AbortSignal.timeout(60_000)
const MORE = 1_000_000_000

async function startWeb() {
  await using starting = new AsyncDisposableStack()
  const folder = starting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-tree-')))
  const tree = join(folder.path, 'tree')
  await mkdir(tree)
  await makeServedTree(tree)
  const snapshot = await loadSnapshot(tree, { signal })
  const listen = { host: '127.0.0.1', port: 0, source: () => snapshot }
  const { port } = starting.use(await startHttpServer(listen))
  const running = starting.move()
  return { port, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

test('our own server gives a start, a whole file, an empty one, and nothing new', async () => {
  await using web = await startWeb()
  await using client = await databaseClient()
  const at = (path: string) => ({ url: new URL(`http://127.0.0.1:${web.port}/${path}`), signal })

  const head = await client.server.start(at('daily.cvd'), 512)
  assert.deepEqual(head, { kind: 'found', content: new Uint8Array(BIG.subarray(0, 512)) })
  const known = { ...at('daily.cvd'), since: epochSeconds(BUILT) }
  assert.deepEqual(await client.server.start(known, 512), { kind: 'not-modified' })
  const older = { ...at('daily.cvd'), since: epochSeconds(BUILT - 1) }
  assert.partialDeepStrictEqual(await client.server.start(older, 512), { kind: 'found' })

  const whole = await client.server.download(at('daily.cvd'), client.into, MORE)
  assert.deepEqual(whole, { kind: 'found', content: BIG.byteLength })
  assert.equal(await client.content(), BIG.toString('latin1'))
  assert.deepEqual(await client.files(), ['daily.cvd'])

  const empty = at('daily-27002.cdiff')
  assert.deepEqual(await client.server.start(empty, 512), {
    kind: 'found',
    content: new Uint8Array(),
  })
  assert.deepEqual(await client.server.download(empty, client.into, MORE), {
    kind: 'found',
    content: 0,
  })
  assert.equal(await client.content(), '')
  assert.deepEqual(await client.server.start(at('gone.cvd'), 512), { kind: 'refused', status: 404 })
})

test('a download from our own server that was cut goes on where it was', async () => {
  await using web = await startWeb()
  await using relay = await cuttingRelay(web.port, 1_000_000)
  await using client = await databaseClient()
  const question = { url: new URL(`http://127.0.0.1:${relay.port}/daily.cvd`), signal }
  const broken = await client.server.download(question, client.into, MORE)
  assert.partialDeepStrictEqual(broken, { kind: 'unreachable' })
  const there = (await client.content())?.length ?? 0
  assert.ok(there > 900_000 && there < 1_000_000, String(there))

  const found = { kind: 'found', content: BIG.byteLength }
  assert.deepEqual(await client.server.download(question, client.into, MORE), found)
  assert.equal(await client.content(), BIG.toString('latin1'))
  const [, rest = 0] = relay.brought
  assert.equal(relay.brought.length, 2)
  assert.ok(rest < BIG.byteLength - there + 1_000, String(rest))
})
