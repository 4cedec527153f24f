import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { epochMs, epochSeconds } from '#base/time.ts'
import type { Release } from '#core/release/index.ts'
import { printTimestamp } from '#formats/timestamp-file/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Reference } from '#ports/mirror-check.ts'
import { flood, httpAnswer, rawMirror, trickle } from '../../../test/support/raw-mirror.ts'
import { aGeneration, aName, aSerial, aVersion } from '../../../test/support/values.ts'
import { HttpMirrorCheck } from './mirror-check.ts'
import { checkOwnLine } from './own-line.ts'

const signal = AbortSignal.timeout(60_000)
const HOSTS = ['database.clamav.test', 'mirror1.clamav.test']
const NOW_MS = 1_795_509_000_000
const clock: Clock = { now: () => epochMs(NOW_MS), sleep: () => Promise.resolve() }

/** `daily.cvd` of that version: a header, and bytes that no other version has. */
function daily(version: number): string {
  const header = `ClamAV-VDB:22 Jun 2021 14-58 -0400:${version}:1:90:X:X:me:1624388302`
  return header.padEnd(512, ' ') + `body of ${version}, `.repeat(20_000)
}

function stamp(serial: number, generation: number): string {
  return printTimestamp({
    stampedAt: epochSeconds(NOW_MS / 1000 - 60),
    serial: aSerial(serial),
    generation: aGeneration(generation),
  })
}

/** Release 3 has daily 7; release 4 has daily 8. */
function reference(serial: number): Reference & { readonly release: Release } {
  const content = Buffer.from(daily(serial + 4), 'latin1')
  const file = {
    kind: 'database',
    path: 'daily.cvd',
    bytes: content.byteLength,
    sha256: createHash('sha256').update(content).digest('hex'),
    name: aName('daily'),
    version: aVersion(serial + 4),
    builtAt: epochSeconds(1_624_388_302),
    datedAt: epochSeconds(1_624_388_302),
  } as const
  const publishedAt = file.builtAt
  return {
    release: { serial: aSerial(serial), publishedAt, files: new Map([[file.path, file]]) },
    read: (_path, from, bytes) => Promise.resolve(content.subarray(from, from + bytes)),
  }
}

/** Serves `content` with ranges, as a web server would. */
function ranged(head: string, content: string): string {
  const match = /Range: bytes=(\d+)-(\d+)/.exec(head)
  if (match === null) return httpAnswer(content)
  const part = content.slice(Number(match[1]), Number(match[2]) + 1)
  return httpAnswer(part, '206 Partial Content')
}

type Answer = (path: string, head: string, socket: Socket) => string | undefined

const good: Answer = (path, head) =>
  path === '/timestamp' ? httpAnswer(stamp(3, 9)) : ranged(head, daily(7))

async function look(answer: Answer, options: { totalMsMax?: number; idleMsMax?: number } = {}) {
  await using mirror = await rawMirror(answer)
  const target = { name: 'mirror1', address: '127.0.0.1', port: mirror.port, hosts: HOSTS }
  const check = new HttpMirrorCheck({ clock, draw: () => 0.7, ...options })
  return await check.look(target, reference, signal)
}

test('a good mirror is asked by every name, for headers and for real bytes', async () => {
  const heads: string[] = []
  const sight = await look((path, head, socket) => {
    heads.push(head)
    return good(path, head, socket)
  })
  assert.deepEqual(sight, {
    kind: 'good',
    serial: 3,
    generation: 9,
    stampedAt: NOW_MS / 1000 - 60,
    tookMs: 0,
    skewMs: undefined,
  })
  const asked = heads.map((head) =>
    /GET (\S+)[\s\S]*Host: ([^:\r]+)/.exec(head)?.slice(1).join(' '),
  )
  assert.deepEqual(asked, [
    '/timestamp database.clamav.test',
    '/timestamp mirror1.clamav.test',
    '/daily.cvd mirror1.clamav.test',
    '/daily.cvd mirror1.clamav.test',
  ])
  assert.match(heads[2] ?? '', /Range: bytes=0-511\r\n/)
  assert.match(heads[3] ?? '', /Range: bytes=[1-9]\d{4,}-\d+\r\n/)
  for (const head of heads) assert.match(head, /User-Agent: ClamAV-MirrorCheck\r\n/)
})

test('the server’s clock is compared with ours', async () => {
  const date = `Date: ${new Date(NOW_MS + 3_600_000).toUTCString()}\r\n`
  const sight = await look((path, head) =>
    path === '/timestamp' ? httpAnswer(stamp(3, 9), '200 OK', date) : ranged(head, daily(7)),
  )
  assert.equal(sight.kind === 'good' ? sight.skewMs : undefined, 3_600_000)
})

const REDIRECT = httpAnswer('', '302 Found', 'Location: http://portal.example/\r\n')
const BAD: readonly (readonly [string, Answer, string, RegExp])[] = [
  [
    'a redirect',
    () => REDIRECT,
    'redirect',
    /GET http:\/\/database.*timestamp at 127\.0\.0\.1: 302 to http:\/\/portal\.example\//,
  ],
  [
    'a redirect of the databases alone',
    (path, head, socket) => (path === '/timestamp' ? good(path, head, socket) : REDIRECT),
    'redirect',
    /daily\.cvd/,
  ],
  [
    'a captive portal’s page with status 200',
    () => httpAnswer('<html>Please log in</html>'),
    'no-timestamp',
    /what is there is none/,
  ],
  ['a missing timestamp', () => httpAnswer('', '404 Not Found'), 'no-timestamp', /404/],
  [
    'the second name answered by a fresh web server',
    (path, head, socket) =>
      head.includes('Host: mirror1.') ? httpAnswer('It works!') : good(path, head, socket),
    'no-timestamp',
    /mirror1\.clamav\.test/,
  ],
  [
    'a fresh timestamp beside an old database',
    (path, head, socket) =>
      path === '/timestamp' ? good(path, head, socket) : ranged(head, daily(6)),
    'wrong-content',
    /daily\.cvd.*version 6, though its timestamp promises 7/,
  ],
  [
    'a missing database',
    (path, head, socket) =>
      path === '/timestamp' ? good(path, head, socket) : httpAnswer('', '404 Not Found'),
    'wrong-content',
    /daily\.cvd.*404/,
  ],
  [
    'a right header before wrong bytes',
    (path, head, socket) =>
      path === '/timestamp'
        ? good(path, head, socket)
        : ranged(head, daily(7).slice(0, 512) + 'x'.repeat(300_000)),
    'wrong-content',
    /are not those of version 7/,
  ],
  [
    'an endless timestamp',
    (_path, _head, socket) => flood(socket, stamp(3, 9)),
    'no-timestamp',
    /too-long/,
  ],
  ['another protocol', () => 'SSH-2.0-OpenSSH_9.9\r\n', 'not-http', /not HTTP/],
  [
    'a terminal’s commands in its Location',
    () => httpAnswer('', '301 Moved', 'Location: http://a/\u001b[2J\u0007\r\n'),
    'not-http',
    /not HTTP/,
  ],
]
for (const [what, answer, fault, reason] of BAD) {
  test(`${what} is a fault with its place`, async () => {
    const sight = await look(answer)
    assert.ok(sight.kind === 'bad', JSON.stringify(sight))
    assert.equal(sight.fault, fault, sight.reason)
    assert.match(sight.reason, reason)
    assert.ok(!/\p{Cc}/u.test(sight.reason))
  })
}

test('silence and a byte now and then are cut, a database without end is not taken whole', async () => {
  const silent = await look(() => undefined, { idleMsMax: 200 })
  assert.partialDeepStrictEqual(silent, { fault: 'timed-out' })
  const slow = await look((_path, _head, socket) => trickle(socket), { totalMsMax: 300 })
  assert.partialDeepStrictEqual(slow, { fault: 'timed-out' })
  const endless = await look((path, head, socket) =>
    path === '/timestamp' ? good(path, head, socket) : flood(socket, daily(7).slice(0, 200_000)),
  )
  assert.equal(endless.kind, 'good')
})

test('a mirror that switches between two questions is asked again, not blamed', async () => {
  let questions = 0
  const sight = await look((path, head) => {
    questions += 1
    const isNew = questions > 2
    if (path === '/timestamp') return httpAnswer(isNew ? stamp(4, 10) : stamp(3, 9))
    return ranged(head, daily(isNew ? 8 : 7))
  })
  assert.partialDeepStrictEqual(sight, { kind: 'good', serial: 4 })
})

test('an abort is the caller’s, not the mirror’s fault', async () => {
  await using silent = await rawMirror(() => undefined)
  const abort = new AbortController()
  const target = { name: 'm', address: '127.0.0.1', port: silent.port, hosts: HOSTS }
  const looking = new HttpMirrorCheck({ clock, draw: () => 0 }).look(
    target,
    reference,
    abort.signal,
  )
  await setTimeout(50)
  abort.abort(new Error('the monitor is stopping'))
  await assert.rejects(looking, /the monitor is stopping/)
})

test('one anchor that takes a connection is enough for the own line', async () => {
  await using anchor = await rawMirror(() => undefined)
  const there = { host: '127.0.0.1', port: anchor.port }
  const gone = { host: '127.0.0.1', port: 1 }
  assert.equal(await checkOwnLine([gone, there], signal), undefined)
  assert.equal(await checkOwnLine([], signal), undefined)
  assert.match((await checkOwnLine([gone], signal)) ?? '', /127\.0\.0\.1 port 1 can be reached/)
})
