import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtempDisposable, rename, writeFile } from 'node:fs/promises'
import { connect } from 'node:http2'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { run, without } from '../../../../test/support/run.ts'
import { BIG, BUILT_DATE, makeServedTree } from '../../../../test/support/serving/tree.ts'
import { loadSnapshot } from '../files/snapshot.ts'
import type { RequestRecord } from '../log/request-record.ts'
import { Workers } from '../threads/workers.ts'
import { startHttpsServer } from './https.ts'

const skip = without('openssl')
const signal = AbortSignal.timeout(60_000)

async function certificate(folder: string, name: string): Promise<void> {
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)]
  const made = await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    `/CN=${name}`,
    '-days',
    '2',
    ...files,
  ])
  assert.equal(made.status, 0, made.all)
}

async function world() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-https-'))
  const root = join(folder.path, 'root')
  await mkdir(root)
  await makeServedTree(root)
  await certificate(folder.path, 'one')
  await certificate(folder.path, 'two')
  const faults: string[] = []
  const records: RequestRecord[] = []
  const files = {
    certificateFile: join(folder.path, 'use.pem'),
    keyFile: join(folder.path, 'use.key'),
  }
  await copyFile(join(folder.path, 'one.pem'), files.certificateFile)
  await copyFile(join(folder.path, 'one.key'), files.keyFile)
  let snapshot = await loadSnapshot(root, { signal })
  const server = await startHttpsServer({
    host: '127.0.0.1',
    port: 0,
    ...files,
    source: () => snapshot,
    localFolder: root,
    onFault: (line) => faults.push(line),
    onRequest: (record) => records.push(record),
  })
  return {
    folder: folder.path,
    files,
    faults,
    records,
    port: server.port,
    server,
    release: async () => {
      snapshot = await loadSnapshot(root, { signal })
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

function http2(port: number) {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  session.on('error', () => {})
  const ask = async (path: string, fields: Readonly<Record<string, string>> = {}) => {
    const stream = session.request({ ':path': path, ...fields })
    const [head] = await once(stream, 'response', { signal })
    const body: Buffer[] = []
    for await (const part of stream) body.push(part)
    return { status: Number(head[':status']), head, body: Buffer.concat(body) }
  }
  return { session, ask, [Symbol.dispose]: () => session.destroy() }
}

async function commonName(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect', { signal })
  const name = socket.getPeerCertificate().subject.CN
  socket.destroy()
  return String(name)
}

test('HTTP/2 gives the same answers as HTTP/1', { skip }, async () => {
  await using it = await world()
  using client = http2(it.port)
  assert.ok((await client.ask('/daily.cvd')).body.equals(BIG))
  const header = await client.ask('/daily.cvd', { range: 'bytes=0-511' })
  assert.deepEqual([header.status, header.body.length], [206, 512])
  const fields = { range: 'bytes=0-511', 'if-modified-since': BUILT_DATE }
  assert.equal((await client.ask('/daily.cvd', fields)).status, 304)
  assert.equal((await client.ask('/nothing')).status, 404)
  assert.equal((await client.ask('/local_logo.png')).body.toString(), 'PNG')
  // A record is made when its stream has ended, and streams end in their own order.
  while (it.records.length < 5) await setTimeout(10, undefined, { signal })
  assert.deepEqual(
    it.records
      .toSorted((a, b) => a.status - b.status || b.bytesSent - a.bytesSent)
      .map(({ status, bytesSent, complete, protocol }) => [status, bytesSent, complete, protocol]),
    [
      [200, BIG.length, true, 'HTTP/2.0'],
      [200, 3, true, 'HTTP/2.0'],
      [206, 512, true, 'HTTP/2.0'],
      [304, 0, true, 'HTTP/2.0'],
      [404, 10, true, 'HTTP/2.0'],
    ],
  )
})

test('HTTP/1.1 over TLS is answered as well', { skip }, async () => {
  await using it = await world()
  const request = get({
    port: it.port,
    host: '127.0.0.1',
    path: '/daily.cvd',
    rejectUnauthorized: false,
  })
  const [response] = await once(request, 'response', { signal })
  let bytes = 0
  for await (const part of response) bytes += part.length
  assert.deepEqual([response.statusCode, bytes], [200, BIG.length])
})

test('a session that saw one release is closed when it would see the next', { skip }, async () => {
  await using it = await world()
  using client = http2(it.port)
  assert.equal((await client.ask('/timestamp')).status, 200)
  await it.release()
  const closed = once(client.session, 'close', { signal })
  assert.equal((await client.ask('/dns.txt')).status, 200)
  await closed
})

test('a client that breaks off is told of as not complete', { skip }, async () => {
  await using it = await world()
  {
    using client = http2(it.port)
    const stream = client.session.request({ ':path': '/daily.cvd' })
    stream.on('error', () => {})
    await once(stream, 'response', { signal })
  }
  while (it.records.length < 1) await setTimeout(10, undefined, { signal })
  assert.equal(it.records[0]?.complete, false)
})

test('a renewed certificate is used, a broken one is told and not', { skip }, async () => {
  await using it = await world()
  assert.equal(await commonName(it.port), 'one')
  await copyFile(join(it.folder, 'two.key'), it.files.keyFile)
  await rename(join(it.folder, 'two.pem'), it.files.certificateFile)
  while ((await commonName(it.port)) !== 'two') await setTimeout(200, undefined, { signal })
  await writeFile(it.files.certificateFile, 'no certificate')
  while (!it.faults.some((line) => /stays as it was/.test(line)))
    await setTimeout(200, undefined, { signal })
  assert.equal(await commonName(it.port), 'two')
})

test('threads share a certificate, its renewal, and the sessions of clients', {
  skip,
}, async () => {
  await using it = await world()
  const quiet = { localFolder: it.folder, onLines: () => {}, onFault: assert.fail }
  await using workers = await Workers.start(2, quiet)
  const { port } = await workers.https({ host: '127.0.0.1', port: 0 }, it.files)
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false }
  const first = connectTls(options)
  first.write('GET / HTTP/1.1\r\n\r\n')
  first.on('error', () => {}).resume()
  const [session] = await once(first, 'session', { signal })
  first.destroy()
  // So many are dealt out to both, but for once in a thousand times.
  for (let n = 0; n < 12; n++) {
    const again = connectTls({ ...options, session })
    await once(again, 'secureConnect', { signal })
    assert.ok(again.isSessionReused(), `connection ${n}`)
    again.destroy()
  }
  await copyFile(join(it.folder, 'two.key'), it.files.keyFile)
  await rename(join(it.folder, 'two.pem'), it.files.certificateFile)
  let renewed = 0
  while (renewed < 12) {
    renewed = (await commonName(port)) === 'two' ? renewed + 1 : 0
    await setTimeout(50, undefined, { signal })
  }
})

test('a named pipe in the place of a certificate keeps nobody waiting', { skip }, async () => {
  await using it = await world()
  const pipe = join(it.folder, 'pipe.pem')
  assert.equal((await run('mkfifo', [pipe])).status, 0)
  const files = { certificateFile: pipe, keyFile: it.files.keyFile }
  await assert.rejects(it.server.useCertificate(files), { code: 'bad-certificate' })
  assert.equal(await commonName(it.port), 'one')
})
