import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { loadSnapshot } from '#adapters/http/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { parseLogLine } from '#formats/access-log/index.ts'
import { without } from '../../../test/support/run.ts'
import { makeServedTree } from '../../../test/support/serving/tree.ts'
import { testCertificate } from '../../../test/support/test-ca.ts'
import { Web } from './web.ts'

const signal = AbortSignal.timeout(60_000)

const AGENT = 'ClamAV/1.4.6 (OS: Linux, UUID: fd49bb29-8689-41b4-bef4-067a5557e6db)'

for (const workers of [1, 2]) {
  test(`who fetches in a loop is counted over all ports of a mirror, with ${workers} worker(s)`, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-web-'))
    const root = join(folder.path, 'root')
    await makeServedTree(root)
    const snapshot = await loadSnapshot(root, { signal })
    const limits = { wholesAnHour: 1, retryAfterMaxMs: 600_000, workers }
    await using web = await Web.start(
      { http: { host: '127.0.0.1', port: 0, ...limits } },
      {
        mirror: 'm1',
        state: folder.path,
        localFolder: root,
        snapshot,
        clock: systemClock,
        onEvent: () => {},
      },
    )
    const whole = async () => {
      const { host, port } = web.http
      const answer = await fetch(`http://${host}:${port}/daily.cvd`, {
        headers: { 'User-Agent': AGENT },
      })
      await answer.arrayBuffer()
      return answer.status
    }
    assert.equal(await whole(), 200)
    const before = web.http.host
    await web.change({ http: { host: '127.0.0.2', port: 0, ...limits } })
    assert.notEqual(web.http.host, before)
    assert.equal(await whole(), 429)
  })
}

for (const workers of [1, 2]) {
  test(`who is cut off at the end is in the log, with ${workers} worker(s)`, {
    skip: without('openssl'),
  }, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-web-'))
    const root = join(folder.path, 'root')
    await makeServedTree(root)
    const { certificate, key } = testCertificate(folder.path, 'one')
    const place = { host: '127.0.0.1', port: 0 }
    const accessLog = join(folder.path, 'access.log')
    const web = await Web.start(
      {
        http: { ...place, workers, accessLog, speeds: 'clamav-advice' },
        https: { ...place, certificate, key },
      },
      {
        mirror: 'm1',
        state: folder.path,
        localFolder: root,
        snapshot: await loadSnapshot(root, { signal }),
        clock: systemClock,
        onEvent: assert.fail,
      },
    )
    const { http, https } = web
    assert.ok(https)
    for (let n = 0; n < 6; n++) {
      const clients = [connect(http), connectTls({ ...https, rejectUnauthorized: false })]
      for (const client of clients) {
        client.on('error', () => {}).write('GET /daily.cvd HTTP/1.1\r\n\r\n')
        await once(client, 'data', { signal })
        client.resume()
      }
      const session = connectHttp2(`https://${https.host}:${https.port}`, {
        rejectUnauthorized: false,
      })
      session.on('error', () => {})
      const stream = session.request({ ':path': '/daily.cvd' }).on('error', () => {})
      await once(stream, 'data', { signal })
      stream.resume()
    }
    await web[Symbol.asyncDispose]()
    const lines = (await readFile(accessLog, 'latin1')).trimEnd().split('\n').map(parseLogLine)
    assert.equal(lines.length, 18)
    assert.ok(lines.every((line) => line !== undefined && line.bytesSent > 0))
  })
}

for (const workers of [1, 2]) {
  test(`a port that somebody else has is told with its reason, with ${workers} worker(s)`, async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-web-'))
    await using other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening', { signal })
    const taken = other.address()
    assert.ok(taken !== null && typeof taken === 'object')
    const http = { host: '127.0.0.1', port: 0, workers }
    await using web = await Web.start(
      { http },
      {
        mirror: 'm1',
        state: folder.path,
        localFolder: folder.path,
        snapshot: undefined,
        clock: systemClock,
        onEvent: assert.fail,
      },
    )
    const { done, left } = await web.change({ http: { ...http, port: taken.port } })
    assert.deepEqual(done, [])
    const place = `127.0.0.1 port ${taken.port}`
    assert.match(
      left.join(),
      new RegExp(`^http address: Cannot listen on ${place} \\(.*EADDRINUSE.*\\)$`),
    )
  })
}
