import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { databaseClient } from '../../../test/support/database-client.ts'
import { httpAnswer, rawMirror, trickle } from '../../../test/support/raw-mirror.ts'
import { without } from '../../../test/support/run.ts'
import { AUTHORITY, pemOf, testCertificate } from '../../../test/support/test-ca.ts'
import { webProxy } from '../../../test/support/web-proxy.ts'
import type { HttpDatabaseServerOptions } from './index.ts'

const signal = AbortSignal.timeout(60_000)
const FOUND = { kind: 'found', content: new Uint8Array(Buffer.from('01234567')) }
const answer = () => httpAnswer('01234567')

async function start(url: string, options: Partial<HttpDatabaseServerOptions> = {}) {
  await using client = await databaseClient(options)
  return await client.server.start({ url: new URL(url), signal }, 8)
}

async function reasonOf(url: string, options: Partial<HttpDatabaseServerOptions> = {}) {
  const told = await start(url, options)
  assert.ok(told.kind === 'unreachable', JSON.stringify(told))
  return told.reason
}

const skip = without('openssl')
const tls = new AsyncDisposableStack()
let authorities = ''
let port = 0

before(async () => {
  if (skip !== false) return
  const folder = tls.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-tls-')))
  const authority = testCertificate(folder.path, 'CA', { extensions: AUTHORITY })
  const extensions = ['subjectAltName = DNS:localhost']
  const own = testCertificate(folder.path, 'mirror', { extensions, issuer: authority })
  authorities = pemOf(authority)
  const files = { cert: await readFile(own.certificate), key: await readFile(own.key) }
  const server = createServer(files, (asking, reply) => {
    if (asking.url === '/clear') reply.writeHead(302, { Location: 'http://localhost:9/x' }).end()
    else reply.end('01234567')
  })
  tls.defer(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
after(() => tls.disposeAsync())

test('over TLS the certificate must be of the name, and signed by who is trusted', {
  skip,
}, async () => {
  assert.deepEqual(await start(`https://localhost:${port}/x`, { authorities }), FOUND)
  const unknown = await reasonOf(`https://localhost:${port}/x`)
  assert.match(unknown, /^GET https:\/\/localhost:\d+\/x: its certificate is not believed: /)
  const other = await reasonOf(`https://127.0.0.1:${port}/x`, { authorities })
  assert.match(other, /its certificate is not believed: .*127\.0\.0\.1/)
})

test('a redirect goes from http to https, and never back', { skip }, async () => {
  const up = `Location: https://localhost:${port}/x\r\n`
  await using mirror = await rawMirror(() => httpAnswer('', '301 Moved', up))
  assert.deepEqual(await start(`http://127.0.0.1:${mirror.port}/x`, { authorities }), FOUND)
  const down = await reasonOf(`https://localhost:${port}/clear`, { authorities })
  assert.match(down, /redirects from https to localhost:9 in the clear/)
})

test('a proxy is asked for http by the whole URL, and for https to connect', { skip }, async () => {
  await using mirror = await rawMirror(answer)
  await using proxy = await webProxy('us:er:pass wörd')
  const login = { user: 'us:er', password: 'pass wörd' }
  const by = { proxy: { server: '127.0.0.1', port: proxy.port, ...login }, authorities }
  assert.deepEqual(await start(`http://127.0.0.1:${mirror.port}/x?y`, by), FOUND)
  assert.deepEqual(await start(`https://localhost:${port}/x`, by), FOUND)
  assert.deepEqual(proxy.asked, [
    `GET http://127.0.0.1:${mirror.port}/x?y from 127.0.0.1`,
    `CONNECT localhost:${port} from 127.0.0.1`,
  ])
  const wrong = await reasonOf(`https://127.0.0.1:${port}/x`, by)
  assert.match(wrong, /certificate is not believed/)
})

test('a proxy that refuses the login, or cannot connect, is told, and no password', {
  skip,
}, async () => {
  await using proxy = await webProxy('user:right')
  const options = { server: '127.0.0.1', port: proxy.port, user: 'user' }
  for (const url of ['http://127.0.0.1:9/x', `https://localhost:${port}/x`]) {
    const wrong = await reasonOf(url, { proxy: { ...options, password: 'hidden' } })
    const place = `GET ${url} by the proxy 127.0.0.1:${proxy.port}`
    assert.equal(wrong, `${place}: the proxy refuses the login`)
  }
  const right = { proxy: { ...options, password: 'right' } }
  const gone = await reasonOf('https://127.0.0.1:9/x', right)
  assert.match(gone, /the proxy does not connect and answers 502/)
  assert.deepEqual(await start('http://127.0.0.1:9/x', right), { kind: 'refused', status: 502 })
  const nowhere = await reasonOf('http://localhost/x', { proxy: { ...options, port: 9 } })
  assert.match(nowhere, /by the proxy 127\.0\.0\.1:9: connect ECONNREFUSED 127\.0\.0\.1:9/)
})

test('the local address is used, straight and by a proxy', { skip }, async () => {
  const from: (string | undefined)[] = []
  await using mirror = await rawMirror((_path, _head, socket: Socket) => {
    from.push(socket.remoteAddress)
    return answer()
  })
  await using proxy = await webProxy()
  const localAddress = '127.0.0.5'
  const by = { proxy: { server: '127.0.0.1', port: proxy.port }, authorities, localAddress }
  assert.deepEqual(await start(`http://localhost:${mirror.port}/x`, { localAddress }), FOUND)
  assert.deepEqual(from, ['127.0.0.5'])
  assert.deepEqual(await start(`http://127.0.0.1:${mirror.port}/x`, by), FOUND)
  assert.deepEqual(await start(`https://localhost:${port}/x`, by), FOUND)
  assert.deepEqual(
    proxy.asked.map((line) => line.split(' from ')[1]),
    ['127.0.0.5', '127.0.0.5'],
  )
})

for (const localAddress of [undefined, '127.0.0.5']) {
  test(`of several addresses the next is tried, from ${localAddress ?? 'any'}`, async () => {
    await using mirror = await rawMirror(answer)
    const lookup: HttpDatabaseServerOptions['lookup'] = (_name, _options, callback) =>
      callback(
        null,
        ['127.0.0.7', '127.0.0.8', '127.0.0.1'].map((address) => ({ address, family: 4 })),
      )
    const url = `http://several.test:${mirror.port}/x`
    assert.deepEqual(await start(url, { lookup, localAddress }), FOUND)
    await mirror[Symbol.asyncDispose]()
    const none = await reasonOf(url, { lookup, localAddress })
    assert.match(none, /several\.test:\d+\/x: .*ECONNREFUSED 127\.0\.0\.1:\d+/)
  })
}

test('a name that is none is told', async () => {
  const reason = await reasonOf('http://no-such-name.invalid/x')
  assert.match(reason, /no-such-name\.invalid\/x: (?:there is no such name|its name cannot be)/)
})

test('an IPv6 literal is an address like others', async () => {
  const reason = await reasonOf('http://[::1]:9/x')
  assert.match(reason, /^GET http:\/\/\[::1\]:9\/x: connect E[A-Z]+ ::1:9/)
})

test('silence before, in and after TLS is not waited for', async () => {
  await using silent = await rawMirror(() => undefined)
  const bounds = { connectMsMax: 300, silentMsMax: 300 }
  const clear = await reasonOf(`http://127.0.0.1:${silent.port}/x`, bounds)
  assert.match(clear, /it sent nothing for 0\.3 s/)
  const packed = await reasonOf(`https://127.0.0.1:${silent.port}/x`, bounds)
  assert.match(packed, /no connection in 0\.3 s/)
  const proxy = { server: '127.0.0.1', port: silent.port }
  const tunnel = await reasonOf('https://localhost/x', { ...bounds, proxy })
  assert.match(tunnel, /by the proxy 127\.0\.0\.1:\d+: it sent nothing for 0\.3 s/)
})

test('a byte now and then is too slow', async () => {
  await using mirror = await rawMirror((_path, _head, socket) => trickle(socket))
  const pace = { bytesMin: 1_000, withinMs: 300, msMax: 60_000 }
  const reason = await reasonOf(`http://127.0.0.1:${mirror.port}/x`, { pace })
  assert.match(reason, /it is too slow: only \d bytes came in 0\.3 s/)
})

test('what never comes to its end is too slow, however fast it is', {
  timeout: 10_000,
}, async () => {
  await using mirror = await rawMirror((_path, _head, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n')
    const timer = setInterval(() => socket.write('x'.repeat(1_000)), 20)
    socket.once('close', () => clearInterval(timer))
    return undefined
  })
  await using client = await databaseClient({ pace: { bytesMin: 1, withinMs: 150, msMax: 450 } })
  const url = new URL(`http://127.0.0.1:${mirror.port}/daily.cvd`)
  const answer = await client.server.download({ url, signal }, client.into, 2 ** 30)
  assert.ok(answer.kind === 'unreachable')
  assert.match(answer.reason, /it is too slow: not all came in 0\.45 s/)
  assert.ok(((await client.content()) ?? '').length > 0, 'the next one goes on')
})

test('a head without end, of many answers before the answer, is given up', async () => {
  await using mirror = await rawMirror((_path, _head, socket) => {
    const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 50)
    socket.once('close', () => clearInterval(timer))
    return undefined
  })
  const bounds = { connectMsMax: 200, silentMsMax: 300 }
  const reason = await reasonOf(`http://127.0.0.1:${mirror.port}/x`, bounds)
  assert.match(reason, /no whole head of an answer in 1 s/)
})

test('an abort ends connecting at once', { timeout: 10_000 }, async () => {
  await using silent = await rawMirror(() => undefined)
  await using client = await databaseClient({ connectMsMax: 30_000 })
  const stop = new AbortController()
  const url = new URL(`https://127.0.0.1:${silent.port}/x`)
  const asking = client.server.start({ url, signal: stop.signal }, 8)
  setTimeout(() => stop.abort(new Error('enough')), 50)
  await assert.rejects(asking, /^Error: enough$/)
})
