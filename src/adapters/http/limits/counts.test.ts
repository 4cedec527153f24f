import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { without } from '../../../../test/support/run.ts'
import { exchange, type Place } from '../../../../test/support/serving/raw.ts'
import { makeServedTree } from '../../../../test/support/serving/tree.ts'
import { eventually, signal } from '../../../../test/support/serving/workers-world.ts'
import { testCertificate } from '../../../../test/support/test-ca.ts'
import { loadSnapshot } from '../files/snapshot.ts'
import { serveHere, type WebServersOptions } from '../servers/web-servers.ts'
import { Workers } from '../threads/workers.ts'
import { TURNED_AWAY_MAX } from './bounds.ts'

const BIG_ONE = 'GET /daily.cvd HTTP/1.1\r\n\r\n'
const SMALL_ONE = 'GET /timestamp HTTP/1.1\r\n\r\n'
const CLOSE = 'Connection: close\r\n\r\n'
/** Whole, unusual and broken ones; each ends by itself. */
const REQUESTS = [
  `GET /timestamp HTTP/1.1\r\n${CLOSE}`,
  'GET /timestamp HTTP/1.0\r\n\r\n',
  `POST /timestamp HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n${CLOSE}x`,
  `GET /local_page/ HTTP/1.1\r\nHost: a\r\n${CLOSE}`,
  'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n',
  '\x16\x03\x01 no such request\r\n\r\n',
]
const HEADER = 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'
const NO_BOUNDS = { isLogged: false, limits: { speeds: { database: 100_000 } } }

function open({ host, port }: Place): Socket {
  return connect(port, host).on('error', () => {})
}

const ROOM = 10

/** Hangs up, politely or not, after so much of a conversation. */
async function leave(socket: Socket, text: string, end: 'destroy' | 'resetAndDestroy') {
  socket.write(text)
  if (text.endsWith('\r\n\r\n')) await once(socket, 'data', { signal })
  else await once(socket, 'connect', { signal })
  socket[end]()
}

async function plainWays(http: Place): Promise<void> {
  for (const request of REQUESTS) await exchange(http, request)
  for (const end of ['destroy', 'resetAndDestroy'] as const) {
    for (const text of ['', 'GET /', SMALL_ONE, BIG_ONE, BIG_ONE + SMALL_ONE]) {
      await leave(open(http), text, end)
    }
  }
}

async function secureWays(https: Place): Promise<void> {
  await exchange(https, SMALL_ONE).catch(() => {})
  await leave(open(https), '', 'resetAndDestroy')
  const options = { ...https, rejectUnauthorized: false }
  for (const text of [SMALL_ONE, BIG_ONE]) {
    await leave(
      connectTls(options).on('error', () => {}),
      text,
      'destroy',
    )
  }
  for (const end of ['close', 'destroy'] as const) {
    const session = connectHttp2(`https://${https.host}:${https.port}`, options)
    session.on('error', () => {})
    const stream = session.request({ ':path': '/timestamp' })
    await once(stream.resume(), 'close', { signal })
    session.request({ ':path': '/daily.cvd' }).on('error', () => {})
    session[end]()
    session.destroy()
  }
}

/** More than there is room for, of which some are told so and some are not. */
async function flood({ http, https }: { http: Place; https: Place }): Promise<void> {
  const busy = Array.from({ length: ROOM }, () => open(http))
  for (const socket of busy) {
    socket.write(BIG_ONE)
    await once(socket, 'data', { signal })
    socket.resume()
  }
  const more = Array.from({ length: TURNED_AWAY_MAX + 50 }, () => open(http).resume())
  await eventually(() => more.every(({ destroyed }) => destroyed))
  await once(open(https).resume(), 'close', { signal })
  for (const socket of busy) socket.destroy()
}

const WAYS = {
  'one thread': serveHere,
  'two threads': (options: WebServersOptions) => Workers.start(2, options),
}

for (const [name, start] of Object.entries(WAYS)) {
  test(`in ${name}, nobody is counted once he has gone, however he went`, {
    skip: without('openssl'),
  }, async () => {
    await using stack = new AsyncDisposableStack()
    const folder = stack.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-counts-')))
    const root = join(folder.path, 'root')
    await makeServedTree(root)
    const { certificate: certificateFile, key: keyFile } = testCertificate(folder.path, 'one')
    const servers = stack.use(
      await start({ localFolder: root, onLines: () => {}, onFault: assert.fail }),
    )
    await servers.publish(await loadSnapshot(root, { signal }))
    const place = { host: '127.0.0.1', port: 0 }
    const http = stack.use(await servers.http(place))
    const https = stack.use(await servers.https(place, { certificateFile, keyFile }))
    await servers.change(NO_BOUNDS)
    const status = async () => (await exchange(http, REQUESTS[0] ?? '')).answers[0]?.status
    const becomesEmpty = async () => {
      await servers.change({ ...NO_BOUNDS, connectionsMax: 1, connectionsPerAddressMax: 1 })
      await eventually(async () => (await status()) === 200)
      await wait(50)
    }
    await plainWays(http)
    await secureWays(https)
    await becomesEmpty()
    await servers.change({ ...NO_BOUNDS, connectionsMax: ROOM })
    await flood({ http, https })
    const fronts = { addresses: ['127.0.0.1'], proxyProtocol: true }
    await servers.change({ ...NO_BOUNDS, fronts })
    for (const text of [HEADER + SMALL_ONE, HEADER + BIG_ONE])
      await leave(open(http), text, 'destroy')
    for (const text of [HEADER, `${HEADER}POST /`, 'PROXY'])
      await leave(open(http), text, 'destroy')
    await exchange(http, 'no header\r\n\r\n')

    await becomesEmpty()
    const alone = open(http)
    await eventually(async () => {
      alone.write('G')
      return (await status()) === 503
    })
    alone.destroy()
    await eventually(async () => (await status()) === 200)
  })
}
