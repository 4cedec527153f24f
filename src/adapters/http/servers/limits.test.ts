import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { exchange } from '../../../../test/support/serving/raw.ts'
import { BIG, makeServedTree } from '../../../../test/support/serving/tree.ts'
import { loadSnapshot } from '../files/snapshot.ts'
import type { RequestRecord } from '../log/request-record.ts'
import { Fronts } from '../request/fronts.ts'
import { readProxyHeader } from '../request/proxy-header.ts'
import { type HttpServerOptions, startHttpServer } from './server.ts'

const signal = AbortSignal.timeout(60_000)
const FRONT = '127.0.0.1'
const UUID = 'UUID: fd49bb29-8689-41b4-bef4-067a5557e6db'

async function world(options: Partial<HttpServerOptions> = {}) {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-limits-'))
  const root = join(folder.path, 'root')
  await makeServedTree(root)
  const snapshot = await loadSnapshot(root, { signal })
  const records: RequestRecord[] = []
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    source: () => snapshot,
    localFolder: root,
    onRequest: (record) => records.push(record),
    ...options,
  })
  const ask = async (path: string, ...fields: readonly string[]) => {
    const head = ['Host: a', 'Connection: close', ...fields].join('\r\n')
    const { answers } = await exchange(server, `GET ${path} HTTP/1.1\r\n${head}\r\n\r\n`)
    const [answer] = answers
    assert.ok(answer)
    return answer
  }
  return {
    ask,
    records,
    port: server.port,
    host: server.host,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('a paced database takes its time, a paced patch less, and checks are free', async () => {
  await using it = await world({ limits: { speeds: { database: 2_000_000, patch: 40_000_000 } } })
  const timed = async (path: string, ...fields: readonly string[]) => {
    const start = performance.now()
    await it.ask(path, ...fields)
    return performance.now() - start
  }
  // 3 MB at 2 MB/s; the last quarter of a second need not be waited for.
  assert.ok((await timed('/daily.cvd')) > 1_000)
  assert.ok((await timed('/daily.cvd', 'Range: bytes=0-511')) < 500)
  assert.ok((await timed('/daily-27001.cdiff')) < 500)
})

test('a loop gets 429 with an honest wait, while its checks and patches go on', async () => {
  await using it = await world({ limits: { loops: { wholesAnHour: 2, retryAfterMax: 900 } } })
  const agent = `User-Agent: ClamAV/1.4.6 (OS: Linux, ${UUID})`
  for (const status of [200, 200, 429]) {
    assert.equal((await it.ask('/daily.cvd', agent)).status, status)
  }
  assert.equal((await it.ask('/daily.cvd', agent)).fields.get('retry-after'), '900')
  assert.equal((await it.ask('/daily.cvd', agent, 'Range: bytes=0-511')).status, 206)
  assert.equal((await it.ask('/daily-27001.cdiff', agent)).status, 200)
  assert.equal((await it.ask('/main.cvd', agent)).status, 200)
  assert.equal((await it.ask('/daily.cvd', 'User-Agent: clamav/0.70')).status, 200)
})

test('more downloads than wanted are 503 with a wait, and checks go on', async () => {
  await using it = await world({
    limits: { answersMax: { database: 1 }, speeds: { database: 500_000 } },
  })
  const slow = connect(it.port, it.host)
  slow.write('GET /daily.cvd HTTP/1.1\r\n\r\n')
  await once(slow, 'data', { signal })
  const busy = await it.ask('/daily.cvd')
  assert.deepEqual([busy.status, busy.fields.get('retry-after')], [503, '60'])
  assert.equal((await it.ask('/daily.cvd', 'Range: bytes=0-511')).status, 206)
  slow.destroy()
  while ((await it.ask('/main.cvd')).status === 503) await setTimeout(20, undefined, { signal })
})

test('a server that is full ends an idle connection, and answers 503 when there is none', async () => {
  await using it = await world({ connectionsMax: 2, limits: { speeds: { database: 200_000 } } })
  const idle = connect(it.port, it.host)
  await once(idle, 'connect', { signal })
  const busy = [connect(it.port, it.host), connect(it.port, it.host)]
  const gone = once(idle, 'close', { signal })
  idle.resume()
  for (const socket of busy) {
    socket.write('GET /daily.cvd HTTP/1.1\r\n\r\n')
    await once(socket, 'data', { signal })
  }
  await gone
  assert.equal((await it.ask('/timestamp')).status, 503)
  for (const socket of busy) socket.destroy()
})

test('one address may be held to so many connections', async () => {
  await using it = await world({ connectionsPerAddressMax: 1 })
  const first = connect(it.port, it.host)
  first.write('GET /timestamp HTTP/1.1\r\n\r\n')
  await once(first, 'data', { signal })
  assert.equal((await it.ask('/timestamp')).status, 503)
  first.destroy()
  while ((await it.ask('/timestamp')).status !== 200) await setTimeout(20, undefined, { signal })
})

test('a head that does not come ends in 408', { timeout: 30_000 }, async () => {
  await using it = await world()
  const socket = connect(it.port, it.host)
  socket.write('GET /timestamp HTTP/1.1\r\nHost:')
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part)
  assert.match(Buffer.concat(parts).toString(), /^HTTP\/1\.1 408 Request Timeout\r\n/)
})

test('a thousand readers that stand at the same place share what they read', async () => {
  await using it = await world()
  const before = process.memoryUsage.rss()
  const sockets = Array.from({ length: 1000 }, () => connect(it.port, it.host))
  for (const socket of sockets) {
    socket.pause()
    socket.on('error', () => {})
    socket.write('GET /daily.cvd HTTP/1.1\r\n\r\n')
  }
  await setTimeout(1_500)
  const grown = (process.memoryUsage.rss() - before) / 1e6
  for (const socket of sockets) socket.destroy()
  assert.ok(grown < 200, `grew by ${grown.toFixed(0)} MB`)
})

test('who asked is what a front says, and nobody else', async () => {
  const known = { addresses: ['127.0.0.0/8', '10.0.0.1', '2001:db8::/32'], proxyProtocol: false }
  const fronts = new Fronts(known)
  assert.equal(fronts.clientOf('127.0.0.1', '203.0.113.9'), '203.0.113.9')
  assert.equal(fronts.clientOf('127.0.0.1', '1.2.3.4, 203.0.113.9, 10.0.0.1'), '203.0.113.9')
  assert.equal(fronts.clientOf('2001:db8::7', '2001:470::9'), '2001:470::9')
  assert.equal(fronts.clientOf('198.51.100.1', '203.0.113.9'), '198.51.100.1')
  assert.equal(fronts.clientOf('127.0.0.1', 'hostile, "text"'), '127.0.0.1')
  assert.equal(fronts.clientOf('127.0.0.1', ''), '127.0.0.1')
  await using it = await world({ fronts: { ...known, addresses: [] } })
  await it.ask('/timestamp', 'X-Forwarded-For: 203.0.113.9')
  while (it.records.length < 1) await setTimeout(10, undefined, { signal })
  assert.equal(it.records[0]?.from, '127.0.0.1')
})

const V2 = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c', 'latin1'),
  Buffer.from([203, 0, 113, 9, 127, 0, 0, 1, 0x80, 0, 0, 80]),
])

test('a PROXY header of either version is read on both paths, and must be there', async () => {
  await using it = await world({ fronts: { addresses: [FRONT], proxyProtocol: true } })
  const v1 = Buffer.from('PROXY TCP4 203.0.113.8 127.0.0.1 4711 80\r\n')
  for (const path of ['/timestamp', '/local_logo.png']) {
    for (const header of [v1, V2]) {
      const request = Buffer.from(`GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`)
      const { answers } = await exchange(it, Buffer.concat([header, request]))
      assert.equal(answers[0]?.status, 200)
    }
  }
  const { answers } = await exchange(it, 'GET /timestamp HTTP/1.1\r\n\r\n')
  assert.deepEqual(answers, [])
  while (it.records.length < 4) await setTimeout(10, undefined, { signal })
  const from = it.records.map((record) => record.from)
  assert.deepEqual(from, ['203.0.113.8', '203.0.113.9', '203.0.113.8', '203.0.113.9'])
})

test('PROXY headers come in any pieces, and hostile ones are refused', () => {
  for (const whole of ['PROXY TCP6 2001:db8::1 ::1 1 2\r\n', V2.toString('latin1')]) {
    for (let at = 0; at < whole.length; at++) {
      assert.equal(readProxyHeader(whole.slice(0, at)).kind, 'incomplete', whole.slice(0, at))
    }
    assert.equal(readProxyHeader(`${whole}GET /`).kind, 'header')
  }
  assert.deepEqual(readProxyHeader('PROXY UNKNOWN\r\n'), {
    kind: 'header',
    source: undefined,
    chars: 15,
  })
  const hostile = [
    'GET / HTTP/1.1\r\n',
    'PROXY TCP4 a\r\n',
    // What is no address would stand in the log as it is.
    'PROXY TCP4 192.0.2.7"x 192.0.2.1 1 2\r\n',
    'PROXY TCP4 \xff\xe9 192.0.2.1 1 2\r\n',
    `PROXY TCP4 ${'x'.repeat(200)}`,
  ]
  for (const text of hostile) assert.equal(readProxyHeader(text).kind, 'bad', text)
  const long = V2.toString('latin1').slice(0, 14)
  assert.equal(readProxyHeader(`${long}\xff\xff`).kind, 'bad')
})

test('statistics are behind their login, with our pages and the operator’s', async () => {
  const guarded = {
    user: 'mirror1',
    password: 'pass:word',
    page: (path: string) => (path === '' ? { contentType: 'text/html', body: 'ours' } : undefined),
  }
  await using it = await world({ guarded })
  const login = `Authorization: Basic ${Buffer.from('mirror1:pass:word').toString('base64')}`
  const wrong = `Authorization: Basic ${Buffer.from('mirror1:password').toString('base64')}`
  for (const path of [
    '/local_stats/',
    '/local_stats/usage.html',
    '//local_stats/',
    '/local%5fstats/',
  ]) {
    for (const fields of [[], [wrong], ['Authorization: Bearer x'], ['Authorization: Basic']]) {
      const answer = await it.ask(path, ...fields)
      assert.equal(answer.status, 401, path)
      assert.match(answer.fields.get('www-authenticate') ?? '', /^Basic /)
      assert.equal(answer.body.toString(), '')
    }
  }
  assert.equal((await it.ask('/local_stats/', login)).body.toString(), 'ours')
  assert.equal((await it.ask('/local_stats/nothing', login)).status, 404)
  assert.equal((await it.ask('/local_logo.png')).status, 200)
})

test('what was sent before the client went is what is told', async () => {
  await using it = await world({ limits: { speeds: { database: 400_000 } } })
  const socket = connect(it.port, it.host)
  socket.write('GET /daily.cvd HTTP/1.1\r\n\r\n')
  await once(socket, 'data', { signal })
  socket.destroy()
  while (it.records.length < 1) await setTimeout(10, undefined, { signal })
  const [record] = it.records
  assert.equal(record?.complete, false)
  assert.ok(record.bytesSent > 0 && record.bytesSent < BIG.length / 2)
})
