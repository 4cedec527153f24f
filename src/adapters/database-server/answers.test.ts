import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { databaseClient } from '../../../test/support/database-client.ts'
import { flood, httpAnswer, rawMirror } from '../../../test/support/raw-mirror.ts'
import { BUILT } from '../../../test/support/serving/tree.ts'

const signal = AbortSignal.timeout(60_000)

type Answer = (path: string, head: string, socket: Socket) => string | undefined

/** Asks a lying mirror for the start of a file. */
async function start(answer: Answer, since?: number) {
  await using mirror = await rawMirror(answer)
  await using client = await databaseClient()
  const url = new URL(`http://127.0.0.1:${mirror.port}/daily.cvd`)
  const known = since === undefined ? {} : { since: epochSeconds(since) }
  return await client.server.start({ url, signal, ...known }, 8)
}

test('a start is asked for as freshclam asks, and nothing packed or kept open', async () => {
  let said = ''
  const answer = await start((_path, head) => {
    said = head
    return httpAnswer('01234567', '206 Partial Content', 'Content-Range: bytes 0-7/99\r\n')
  }, BUILT)
  assert.deepEqual(answer, { kind: 'found', content: new Uint8Array(Buffer.from('01234567')) })
  assert.match(said, /^GET \/daily\.cvd HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/i)
  assert.match(said, /\r\nRange: bytes=0-7\r\n/)
  assert.match(said, /\r\nIf-Modified-Since: Tue, 22 Jun 2021 18:58:22 GMT\r\n/)
  assert.match(said, /\r\nUser-Agent: cvdnet test\r\n/)
  assert.match(said, /\r\nconnection: close\r\n/i)
  assert.doesNotMatch(said, /accept-encoding|authorization|cookie/i)
})

test('of a whole or endless file only the start is taken, and the connection dropped', {
  timeout: 10_000,
}, async () => {
  const first = { kind: 'found', content: new Uint8Array(Buffer.from('01234567')) }
  assert.deepEqual(await start(() => httpAnswer('0123456789')), first)
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  await using mirror = await rawMirror((_path, _head, socket) => {
    socket.once('close', () => resolve())
    return flood(socket, '0123456789')
  })
  await using client = await databaseClient()
  const url = new URL(`http://127.0.0.1:${mirror.port}/daily.cvd`)
  assert.deepEqual(await client.server.start({ url, signal }, 8), first)
  await closed
})

test('HTTP/1.0 and an end with the connection are good enough', async () => {
  const answer = await start(() => 'HTTP/1.0 200 OK\r\n\r\n0123')
  assert.deepEqual(answer, { kind: 'found', content: new Uint8Array(Buffer.from('0123')) })
})

const DATED = 'Date: Tue, 22 Jun 2021 18:58:22 GMT\r\n'
const REFUSALS: readonly (readonly [string, string, object])[] = [
  ['404 Not Found', 'Retry-After: 5\r\n', { status: 404 }],
  ['500 Internal Server Error', '', { status: 500 }],
  ['403 Forbidden', '', { status: 403 }],
  ['403 Forbidden', 'Retry-After: 7\r\n', { status: 403, retryAfter: 7 }],
  ['503 Busy', 'Retry-After: 30\r\n', { status: 503, retryAfter: 30 }],
  ['429 Slow down', 'Retry-After: 120\r\n', { status: 429, retryAfter: 120 }],
  [
    '429 Slow down',
    `${DATED}Retry-After: Tue, 22 Jun 2021 19:08:22 GMT\r\n`,
    { status: 429, retryAfter: 600 },
  ],
  ['429 Slow down', 'Retry-After: tomorrow\r\n', { status: 429 }],
]
test('a refusal has its status and the wait that was told', async () => {
  for (const [status, fields, told] of REFUSALS) {
    const answer = await start(() => httpAnswer('no', status, fields))
    assert.deepEqual(answer, { kind: 'refused', ...told }, `${status} ${fields}`)
  }
})

test('the login of an address goes to its server, and to nobody to whom that one leads', async () => {
  const heads: string[] = []
  await using other = await rawMirror((_path, head) => {
    heads.push(head)
    return httpAnswer('01234567')
  })
  await using mirror = await rawMirror((path, head) => {
    heads.push(head)
    const to = path === '/a.cvd' ? '/b.cvd' : `http://127.0.0.1:${other.port}/c.cvd`
    return httpAnswer('', '302 Found', `Location: ${to}\r\n`)
  })
  await using client = await databaseClient()
  const url = new URL(`http://me%40home:p%3Aw%@127.0.0.1:${mirror.port}/a.cvd`)
  const answer = await client.server.start({ url, signal }, 8)
  assert.equal(answer.kind, 'found')
  const logins = heads.map((head) => /^authorization: (.*)$/im.exec(head)?.[1])
  const login = `Basic ${Buffer.from('me@home:p%3Aw%').toString('base64')}`
  assert.deepEqual(logins, [login, login, undefined])
})

test('304 is told as such', async () => {
  const answer = await start(() => 'HTTP/1.1 304 Not Modified\r\n\r\n', BUILT)
  assert.deepEqual(answer, { kind: 'not-modified' })
})

const part = (range: string) => () =>
  httpAnswer('01234567', '206 Partial Content', range && `Content-Range: ${range}\r\n`)
const UNUSABLE: readonly (readonly [string, Answer, RegExp])[] = [
  ['packed', () => httpAnswer('x', '200 OK', 'Content-Encoding: gzip\r\n'), /content as gzip/],
  ['of another range', part('bytes 8-15/99'), /from byte 8 on/],
  ['of no range', part(''), /does not say which/],
  ['of a senseless range', part('bytes 7-0/99'), /does not say which: "bytes 7-0\/99"/],
  ['cut', () => 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n0123', /broke off/],
  ['cut at once', (_path, _head, socket) => void socket.destroy(), /broke off/],
  ['of another protocol', () => 'SSH-2.0-OpenSSH_9.9\r\n', /no HTTP/],
  [
    'of a head without end',
    () => `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`,
    /head .* too long/,
  ],
  [
    'of two lengths',
    () => httpAnswer('x', '200 OK', 'Content-Length: 7\r\n'),
    /length "1, 7"|no HTTP|broke off/,
  ],
]
for (const [what, answer, reason] of UNUSABLE) {
  test(`an answer that is ${what} is none, and the reason names the host`, async () => {
    const told = await start(answer)
    assert.ok(told.kind === 'unreachable', JSON.stringify(told))
    assert.match(told.reason, /^GET http:\/\/127\.0\.0\.1:\d+\/daily\.cvd: /)
    assert.match(told.reason, reason)
  })
}

test('redirects are followed three times, with range and date', async () => {
  const heads: string[] = []
  await using other = await rawMirror((_path, head) => {
    heads.push(head)
    return httpAnswer('01234567', '206 Partial Content', 'Content-Range: bytes 0-7/99\r\n')
  })
  const ways = ['301 Moved', '307 Temporary', '308 Permanent']
  const answer = await start((path, head) => {
    heads.push(head)
    const hop = path === '/daily.cvd' ? 0 : Number(path.slice(1))
    const to = hop < 2 ? `/${hop + 1}` : `http://user:pass@localhost:${other.port}/last`
    return httpAnswer('', ways[hop], `Location: ${to}\r\n`)
  }, BUILT)
  assert.partialDeepStrictEqual(answer, { kind: 'found' })
  assert.equal(heads.length, 4)
  assert.match(heads[3] ?? '', /^GET \/last /)
  for (const head of heads) {
    assert.match(head, /Range: bytes=0-7\r\n/)
    assert.match(head, /If-Modified-Since: /)
    assert.doesNotMatch(head, /authorization|dXNlcjpwYXNz/i)
  }
})

const to = (location: string) => () =>
  httpAnswer('', '302 Found', location && `Location: ${location}\r\n`)
const LOST: readonly (readonly [string, Answer, RegExp])[] = [
  ['in a circle', to('/daily.cvd'), /redirects once more than the 3 times allowed/],
  ['to nowhere', to(''), /302 and says not where to/],
  ['to no URL', to('http://[::1/'), /302 and says not where to/],
  ['out of HTTP', to('ftp://mirror.example/daily.cvd'), /redirects to ftp:/],
]
for (const [where, answer, reason] of LOST) {
  test(`a redirect ${where} is told`, async () => {
    const told = await start(answer)
    assert.ok(told.kind === 'unreachable', JSON.stringify(told))
    assert.match(told.reason, reason)
  })
}
