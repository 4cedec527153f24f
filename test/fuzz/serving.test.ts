/** Wounded requests to the real server: whatever they are, no 403, no more than was asked for, and it goes on. */
import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSnapshot, startHttpServer } from '#adapters/http/index.ts'
import { ERAS } from '../support/serving/eras.ts'
import { hostileRequests } from '../support/serving/hostile.ts'
import { exchange, type Place } from '../support/serving/raw.ts'
import { BIG, BUILT_DATE, makeServedTree } from '../support/serving/tree.ts'
import { Dice, mutate } from './mutate.ts'

const RUNS = 600
const AT_A_TIME = 20
const STATUSES = [200, 206, 304, 400, 404, 405, 408, 416, 431, 503]
/** Longer ones only slow this down: the bound on heads has its own test. */
const REQUEST_BYTES_MAX = 12_000

function seeds(): readonly Uint8Array[] {
  const files = ['/daily.cvd', '/timestamp', '/local_logo.png', '/daily-27001.cdiff', '/nothing']
  const plain = files.flatMap((path) =>
    ERAS.flatMap(({ check, whole }) => [check(path, BUILT_DATE), whole(path)]),
  )
  return [...plain.map((text) => Buffer.from(text)), ...hostileRequests().map(({ bytes }) => bytes)]
}

/** Sends, closes its half, and gives what came back. */
function answered(place: Place, bytes: Uint8Array): Promise<Buffer> {
  const socket = connect(place.port, place.host)
  const parts: Buffer[] = []
  return new Promise((resolve, reject) => {
    socket.setTimeout(20_000, () => {
      socket.destroy()
      reject(new Error('Cannot wait longer'))
    })
    socket.on('data', (part) => parts.push(part))
    socket.on('error', () => {})
    socket.on('close', () => resolve(Buffer.concat(parts)))
    socket.end(bytes)
  })
}

test(`${RUNS} wounded requests get no 403, no secret and no more than was asked for`, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-fuzz-'))
  const root = join(folder.path, 'root')
  await makeServedTree(root)
  const snapshot = await loadSnapshot(root, { signal: AbortSignal.timeout(10_000) })
  await using server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    source: () => snapshot,
    localFolder: root,
  })
  const dice = new Dice(20_261_124)
  const all = seeds()
  const pick = () => all[dice.below(all.length)] ?? Buffer.alloc(0)
  for (let run = 0; run < RUNS; run += AT_A_TIME) {
    const batch = Array.from({ length: AT_A_TIME }, () =>
      mutate(pick(), pick(), dice).subarray(0, REQUEST_BYTES_MAX),
    )
    await Promise.all(
      batch.map(async (bytes) => {
        const answer = await answered(server, bytes)
        const what = Buffer.from(bytes).toString('base64')
        const text = answer.subarray(0, 4096).toString('latin1')
        const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0)
        assert.ok(answer.length === 0 || STATUSES.includes(status), `${status} to ${what}`)
        assert.doesNotMatch(text, /secret/, what)
        const requests = Buffer.from(bytes)
          .toString('latin1')
          .split(/GET|HEAD/).length
        assert.ok(answer.length <= requests * (BIG.length + 1024), what)
      }),
    )
  }
  const after = await exchange(server, 'GET /timestamp HTTP/1.1\r\nConnection: close\r\n\r\n')
  assert.equal(after.answers[0]?.status, 200)
})
