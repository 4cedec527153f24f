import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { epochSeconds } from '#base/time.ts'
import { loadSnapshot, type Snapshot } from '../files/snapshot.ts'
import type { RequestRecord } from '../log/request-record.ts'
import { startHttpServer } from './server.ts'

const BUILT = 1_624_388_302
const signal = AbortSignal.timeout(60_000)
const BIG = Buffer.alloc(3_000_001, 'ClamAV-VDB:')

async function world(options: { bigBytes?: Buffer } = {}) {
  const dir = await mkdtempDisposable(join(tmpdir(), 'cvdnet-http-'))
  const [tree, docroot] = [join(dir.path, 'tree'), join(dir.path, 'docroot')]
  await mkdir(join(tree, 'database'), { recursive: true })
  await mkdir(join(docroot, 'local_stats'), { recursive: true })
  await writeFile(join(tree, 'daily.cvd'), options.bigBytes ?? BIG)
  await utimes(join(tree, 'daily.cvd'), BUILT, BUILT)
  await writeFile(join(tree, 'index.html'), '<p>mirror</p>')
  await writeFile(join(tree, 'empty'), '')
  await writeFile(join(tree, '.hidden'), 'secret')
  await writeFile(join(tree, 'local_evil.txt'), 'from the master')
  await writeFile(join(tree, 'database/viruses.md5'), '0123456789abcdef0123456789abcdef')
  await writeFile(join(docroot, 'local_logo.png'), 'PNG')
  await writeFile(join(docroot, 'local_stats/index.html'), 'stats')
  await writeFile(join(docroot, 'secret.txt'), 'secret')
  await writeFile(join(dir.path, 'outside.txt'), 'secret')
  await symlink('../outside.txt', join(docroot, 'local_out.txt'))
  await symlink('/', join(docroot, 'local_root'))
  await symlink('local_logo.png', join(docroot, 'local_link.png'))
  const records: RequestRecord[] = []
  let snapshot: Snapshot | undefined = await loadSnapshot(tree, { signal })
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    source: () => snapshot,
    localFolder: docroot,
    onRequest: (record) => records.push(record),
  })
  return {
    tree,
    docroot,
    records,
    port: server.port,
    set: (next: Snapshot | undefined) => {
      snapshot = next
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await dir[Symbol.asyncDispose]()
    },
  }
}

/** Sends bytes, and gives what came until the server closed, packet by packet. */
async function raw(port: number, text: string): Promise<readonly Buffer[]> {
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(10_000, () => socket.destroy(new Error('Cannot wait longer')))
  socket.write(text)
  const packets: Buffer[] = []
  for await (const packet of socket) packets.push(packet)
  return packets
}

async function get(port: number, target: string, head = '', line = 'HTTP/1.1') {
  const packets = await raw(port, `GET ${target} ${line}\r\nConnection: close\r\n${head}\r\n`)
  const all = Buffer.concat(packets)
  const end = all.indexOf('\r\n\r\n')
  const [status = '', ...fields] = all.subarray(0, end).toString('latin1').split('\r\n')
  return { status, head: fields.join('\n'), body: all.subarray(end + 4), packets }
}

test('a file comes whole, dated, with its length, and its head with the start of its body', async () => {
  await using it = await world()
  for (let round = 0; round < 20; round++) {
    const big = await get(it.port, '/daily.cvd')
    assert.equal(big.status, 'HTTP/1.1 200 OK')
    assert.match(big.head, /^Content-Length: 3000001$/m)
    assert.match(big.head, /^Last-Modified: Tue, 22 Jun 2021 18:58:22 GMT$/m)
    assert.match(big.head, /^Accept-Ranges: bytes$/m)
    assert.doesNotMatch(big.head, /chunked|Content-Encoding/i)
    assert.ok(big.body.equals(BIG))
    const first = big.packets[0]?.toString('latin1') ?? ''
    assert.match(first, /\r\n\r\nClamAV-VDB:/, 'head and body start travel together')
    const small = await get(it.port, '/database/viruses.md5', 'Cache-Control: no-cache\r\n')
    assert.equal(small.packets.length, 1)
    assert.equal(small.body.toString(), '0123456789abcdef0123456789abcdef')
  }
})

test('HTTP/1.0 without a host, absolute form and doubled slashes get the file', async () => {
  await using it = await world()
  assert.equal((await get(it.port, '/index.html', '', 'HTTP/1.0')).body.toString(), '<p>mirror</p>')
  assert.equal((await get(it.port, 'http://db.xx.clamav.net/')).body.toString(), '<p>mirror</p>')
  assert.equal((await get(it.port, '//index.html')).body.toString(), '<p>mirror</p>')
  const head = await raw(it.port, 'HEAD /daily.cvd HTTP/1.0\r\n\r\n')
  assert.match(Buffer.concat(head).toString(), /Content-Length: 3000001\r\n[\s\S]*\r\n\r\n$/)
})

test('ranges are cut, refused with 416, and 304 is given by date', async () => {
  await using it = await world()
  const header = await get(it.port, '/daily.cvd', 'Range: bytes=0-511\r\n')
  assert.equal(header.status, 'HTTP/1.1 206 Partial Content')
  assert.match(header.head, /^Content-Range: bytes 0-511\/3000001$/m)
  assert.ok(header.body.equals(BIG.subarray(0, 512)))
  const tail = await get(it.port, '/daily.cvd', 'Range: bytes=-200000\r\n')
  assert.ok(tail.body.equals(BIG.subarray(-200_000)))
  const past = await get(it.port, '/daily.cvd', 'Range: bytes=3000001-\r\n')
  assert.equal(past.status, 'HTTP/1.1 416 Range Not Satisfiable')
  assert.match(past.head, /^Content-Range: bytes \*\/3000001$/m)
  const since = 'If-Modified-Since: Tue, 22 Jun 2021 18:58:22 GMT\r\n'
  const same = await get(it.port, '/daily.cvd', `Range: bytes=0-511\r\n${since}`)
  assert.equal(same.status, 'HTTP/1.1 304 Not Modified')
  assert.equal(same.body.length, 0)
  assert.equal((await get(it.port, '/daily.cvd', since)).status, 'HTTP/1.1 200 OK')
  assert.equal((await get(it.port, '/empty')).body.length, 0)
  assert.match((await get(it.port, '/empty', 'Range: bytes=0-5\r\n')).status, /416/)
})

test('whatever is not a published file is 404, and never 403', async () => {
  await using it = await world()
  const targets = [
    '/nothing',
    '/database/',
    '/database',
    '/.hidden',
    '/local_evil.txt',
    '/secret.txt',
    '/../outside.txt',
    '/%2e%2e/outside.txt',
    '/local_stats/%2e%2e/secret.txt',
    '/local_stats/..%2fsecret.txt',
    '/local_out.txt',
    '/local_root/etc/passwd',
    '/local_stats',
    '/local_stats/nothing',
    '/local_stats/%00',
    '/local_stats%5cindex.html',
    '/%252e%252e/outside.txt',
    '/daily.cvd/',
    'http://host/../outside.txt',
    '*',
  ]
  for (const target of targets) {
    const { status, body } = await get(it.port, target)
    assert.equal(status, 'HTTP/1.1 404 Not Found', target)
    assert.doesNotMatch(body.toString(), /secret/)
  }
  assert.equal((await get(it.port, '/nothing', '', 'HTTP/1.0')).status, 'HTTP/1.1 404 Not Found')
  it.set(undefined)
  assert.equal((await get(it.port, '/daily.cvd')).status, 'HTTP/1.1 404 Not Found')
})

test('the operator’s own files are there at once, and links inside are followed', async () => {
  await using it = await world()
  assert.equal((await get(it.port, '/local_logo.png')).body.toString(), 'PNG')
  assert.equal((await get(it.port, '/local_link.png')).body.toString(), 'PNG')
  assert.equal((await get(it.port, '/local_stats/')).body.toString(), 'stats')
  await writeFile(join(it.docroot, 'local_new.txt'), 'just now')
  assert.equal((await get(it.port, '/local_new.txt')).body.toString(), 'just now')
})

test('other methods are 405 with Allow, nonsense is 400, a long head is 431', async () => {
  await using it = await world()
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
    const text = Buffer.concat(
      await raw(it.port, `${method} /daily.cvd HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc`),
    ).toString()
    assert.match(
      text,
      /^HTTP\/1.1 405 Method Not Allowed\r\n(?:.*\r\n)*Allow: GET, HEAD\r\n/,
      method,
    )
    assert.match(text, /Content-Length: 0\r\n/)
  }
  const connectAnswer = await raw(it.port, 'CONNECT host:80 HTTP/1.1\r\n\r\n')
  assert.match(Buffer.concat(connectAnswer).toString(), /^HTTP\/1.1 405 /)
  for (const nonsense of ['\0\0\0\r\n\r\n', 'GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n']) {
    const text = Buffer.concat(await raw(it.port, nonsense)).toString()
    assert.match(text, /^HTTP\/1.1 400 Bad Request\r\n(?:.*\r\n)*Content-Length: 0\r\n/)
  }
  const long = await raw(it.port, `GET / HTTP/1.1\r\nX: ${'x'.repeat(9000)}\r\n\r\n`)
  assert.match(Buffer.concat(long).toString(), /^HTTP\/1.1 431 /)
})

test('a switch in the middle of an answer does not touch that answer', async () => {
  await using it = await world({ bigBytes: Buffer.alloc(40_000_000, 'old') })
  const socket = connect(it.port, '127.0.0.1')
  socket.write('GET /daily.cvd HTTP/1.1\r\nConnection: close\r\n\r\n')
  const received: Buffer[] = []
  for await (const packet of socket) {
    if (received.length === 0) {
      const away = `${it.tree}-old`
      await rename(it.tree, away)
      await mkdir(it.tree)
      await writeFile(join(it.tree, 'daily.cvd'), 'new')
      it.set(await loadSnapshot(it.tree, { lastModified: () => epochSeconds(BUILT + 60), signal }))
      await rm(away, { recursive: true })
      const next = await get(it.port, '/daily.cvd')
      assert.equal(next.body.toString(), 'new')
      assert.match(next.head, /^Last-Modified: Tue, 22 Jun 2021 18:59:22 GMT$/m)
    }
    received.push(packet)
  }
  const body = Buffer.concat(received)
  const start = body.indexOf('\r\n\r\n') + 4
  assert.ok(body.subarray(start).equals(Buffer.alloc(40_000_000, 'old')))
})

test('a client that stops reading costs one buffer, and one that leaves is recorded as gone', async () => {
  await using it = await world({ bigBytes: Buffer.alloc(200_000_000, 'x') })
  const before = process.memoryUsage.rss()
  const sockets = Array.from({ length: 10 }, () => connect(it.port, '127.0.0.1'))
  for (const socket of sockets) {
    socket.pause()
    socket.on('error', () => {})
    socket.write('GET /daily.cvd HTTP/1.1\r\n\r\n')
  }
  await setTimeout(500)
  const grown = process.memoryUsage.rss() - before
  assert.ok(grown < 100_000_000, `grew by ${grown} bytes for 2 GB of answers`)
  for (const socket of sockets) socket.destroy()
  while (it.records.length < 10) await setTimeout(20, undefined, { signal })
  for (const record of it.records) {
    assert.equal(record.complete, false)
    assert.ok(record.bytesSent < 200_000_000)
  }
})

test('each request is told once, with what was sent', async () => {
  await using it = await world()
  await get(it.port, '/daily.cvd', 'Range: bytes=0-511\r\nUser-Agent: ClamAV/1.4.6\r\n')
  await get(it.port, '/nothing')
  while (it.records.length < 2) await setTimeout(20, undefined, { signal })
  const told = it.records.map(({ status, bytesSent, complete, agent, target }) => {
    return { status, bytesSent, complete, agent, target }
  })
  assert.deepEqual(told, [
    { status: 206, bytesSent: 512, complete: true, agent: 'ClamAV/1.4.6', target: '/daily.cvd' },
    { status: 404, bytesSent: 10, complete: true, agent: '', target: '/nothing' },
  ])
})

test('a port that is taken is said so', async () => {
  await using it = await world()
  const again = startHttpServer({ host: '127.0.0.1', port: it.port, source: () => undefined })
  await assert.rejects(again, { name: 'HttpServerError', code: 'cannot-listen' })
})
