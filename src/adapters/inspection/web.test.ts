import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { test } from 'node:test'
import { describePoint, type PointName } from '#core/inspection/index.ts'
import { aGeneration, aSerial } from '../../../test/support/values.ts'
import { lookAtLocalFiles, lookAtWeb, type WebMirror } from './index.ts'

const STAMP = '1772409600\n2026-03-02T00:00:00Z\nserial 1 generation 2\n'
const DATED = 'Mon, 02 Mar 2026 00:00:00 GMT'
const DATABASE = Buffer.alloc(2 * 1024 * 1024, 'x')

/** A good mirror's answers. */
const good: RequestListener = (request, response) => {
  const { url, headers } = request
  if (url === '/timestamp') response.end(STAMP)
  else if (url !== '/daily.cvd') response.writeHead(404).end()
  else if (headers['if-modified-since'] === DATED) response.writeHead(304).end()
  else if (headers.range === undefined) response.end(DATABASE)
  else {
    response.writeHead(206, { 'Last-Modified': DATED, 'Content-Range': 'bytes 0-511/1024' })
    response.end(DATABASE.subarray(0, 512))
  }
}

async function served(listener: RequestListener): Promise<Server & AsyncDisposable> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function look(
  listener: RequestListener,
  more: Partial<WebMirror> = {},
): Promise<ReadonlyMap<PointName, string>> {
  await using server = await served(listener)
  return await lookAt(server, more)
}

async function lookAt(
  server: { address(): unknown },
  more: Partial<WebMirror> = {},
): Promise<ReadonlyMap<PointName, string>> {
  const findings = await lookAtWeb(
    {
      address: '127.0.0.1',
      port: portOf(server),
      names: ['database.clamav.test', 'db.test.clamav.test'],
      largest: 'daily.cvd',
      wanted: { serial: aSerial(1), generation: aGeneration(2) },
      mbitMin: 10,
      ...more,
    },
    AbortSignal.timeout(60_000),
  )
  return new Map(
    findings.map(([name, finding]) => [name, describePoint({ name, at: 'x', finding })]),
  )
}

function portOf(server: { address(): unknown }): number {
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null && 'port' in address)
  return Number(address.port)
}

test('a good mirror is good at every point', async () => {
  const points = await look(good)
  assert.equal(points.size, 8)
  for (const [name, words] of points) assert.match(words, /: yes, /, name)
})

const BAD: readonly (readonly [string, RequestListener, PointName, RegExp])[] = [
  [
    'a redirect',
    (_request, response) => void response.writeHead(302, { Location: 'http://other/' }).end(),
    'no redirect',
    /database\.clamav\.test is sent elsewhere/,
  ],
  [
    'a captive portal',
    (_request, response) => void response.end('<html>please pay</html>'),
    'names',
    /not for database\.clamav\.test \(200\), db\.test/,
  ],
  [
    'one name that shows something else',
    (request, response) =>
      request.headers.host?.startsWith('db.test.')
        ? void response.writeHead(404).end()
        : good(request, response),
    'names',
    /not for db\.test\.clamav\.test \(404\)/,
  ],
  [
    '403 for what is not there',
    (request, response) =>
      request.url?.includes('not-there') === true
        ? void response.writeHead(403).end()
        : good(request, response),
    'missing files',
    /403 locks freshclam out/,
  ],
  [
    'no ranges',
    (request, response) => {
      request.headers.range = undefined
      good(request, response)
    },
    'range',
    /answered by 200 with more than 512 bytes/,
  ],
  [
    'no dates',
    (request, response) => {
      response.setHeaders(new Map())
      if (request.url !== '/daily.cvd') return good(request, response)
      response.writeHead(206).end(DATABASE.subarray(0, 512))
      return undefined
    },
    'conditional',
    /there is no Last-Modified/,
  ],
  [
    'an old release',
    (request, response) =>
      request.url === '/timestamp'
        ? void response.end(STAMP.replace('generation 2', 'generation 1'))
        : good(request, response),
    'timestamp',
    /generation 1 where 2 is published/,
  ],
  [
    'a timestamp that never ends',
    (request, response) => {
      if (request.url !== '/timestamp') return good(request, response)
      const more = () => void (response.destroyed || response.write('x'.repeat(65_536), more))
      more()
      return undefined
    },
    'names',
    /: no, not for/,
  ],
  [
    'a line of less than is asked for',
    (request, response) => {
      if (request.url !== '/daily.cvd' || request.headers.range !== undefined) {
        return good(request, response)
      }
      response.write(DATABASE.subarray(0, 1024 * 1024 + 1))
      setTimeout(() => response.end(), 2000)
      return undefined
    },
    'speed',
    /: no, 4\.\d Mbit\/s; at least 10/,
  ],
]
for (const [situation, listener, point, words] of BAD) {
  test(`a mirror with ${situation} is told so`, async () => {
    assert.match((await look(listener)).get(point) ?? '', words)
  })
}

test('before the first sync nothing that needs files is held against it', async () => {
  const points = await look((_request, response) => void response.writeHead(404).end(), {
    wanted: undefined,
    largest: undefined,
  })
  const untried = [...points].filter(([, words]) => /not tried/.test(words)).map(([name]) => name)
  assert.deepEqual(untried, ['names', 'range', 'conditional', 'speed', 'timestamp'])
})

test('nothing that listens, something that is no web server, and silence are told apart', async () => {
  const closed = await served(good)
  const port = portOf(closed)
  await closed[Symbol.asyncDispose]()
  assert.match(
    (await lookAt({ address: () => ({ port }) })).get('web port') ?? '',
    /nothing listens/,
  )
  await using noise = createTcpServer(
    (socket) =>
      void socket
        .on('error', () => {})
        .resume()
        .end('SSH-2.0-OpenSSH\r\n'),
  )
  noise.listen(0, '127.0.0.1')
  await once(noise, 'listening')
  assert.match((await lookAt(noise)).get('web port') ?? '', /what answers is not HTTP/)
})

test('local files show where the operator has them, also behind a password', async () => {
  await using server = await served((request, response) =>
    request.url === '/local_stats/'
      ? void response.writeHead(401).end()
      : void response.writeHead(404).end(),
  )
  const seen = await lookAtLocalFiles(
    {
      address: '127.0.0.1',
      port: portOf(server),
      names: ['a'],
      largest: undefined,
      wanted: undefined,
      mbitMin: 10,
    },
    AbortSignal.timeout(10_000),
  )
  assert.deepEqual(
    seen.map(([path, answer]) => [path, answer.kind === 'answer' && answer.status]),
    [
      ['/local_logo.png', 404],
      ['/local_stats/', 401],
    ],
  )
})
