/** The same by HTTPS, over HTTP/2 where the client can and HTTP/1.1 where not. */
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { Socket } from 'node:net'
import { plainAddress } from '#core/limits/index.ts'
import { serve } from '../connection/careful.ts'
import { AnswerWatch } from '../connection/patience.ts'
import type { Request, Response } from '../connection/respond.ts'
import { Service, type ServiceOptions } from '../connection/service.ts'
import { View } from '../connection/view.ts'
import { HEAD_BYTES_MAX, HEAD_TIMEOUT_MS, KEEP_ALIVE_TIMEOUT_MS } from '../limits/bounds.ts'
import {
  type Certificate,
  type CertificateFiles,
  followCertificate,
  type HttpsListener,
  type SecureListener,
} from './certificate.ts'
import { Closing, type ListenPlace, listen } from './listen.ts'

/** A browser opens under ten at a time. */
const STREAMS_MAX = 64
const SESSION_IDLE_MS = 60_000

/** Those of HTTP/1 beside those of HTTP/2, whose type does not list them. */
const OPTIONS = {
  allowHTTP1: true,
  handshakeTimeout: HEAD_TIMEOUT_MS,
  headersTimeout: HEAD_TIMEOUT_MS,
  requestTimeout: 2 * HEAD_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
  maxHeaderSize: HEAD_BYTES_MAX,
  requireHostHeader: false,
  settings: { maxConcurrentStreams: STREAMS_MAX, maxHeaderListSize: HEAD_BYTES_MAX },
}

export async function listenHttps(
  service: Service,
  place: ListenPlace,
  certificate: Certificate,
): Promise<SecureListener> {
  const server = createSecureServer({ ...OPTIONS, ...asOptions(certificate) })
  answerWith(server, service)
  const sockets = letIn(server, service)
  const listening = await listen(server, place)
  const closing = new Closing(
    server,
    () => {},
    () => {
      for (const socket of sockets) socket.destroy()
    },
  )
  return {
    ...listening,
    use: (next) => server.setSecureContext(asOptions(next)),
    drain: () => closing.drain(),
    [Symbol.asyncDispose]: () => closing.end(),
  }
}

export interface HttpsServerOptions extends ServiceOptions, CertificateFiles {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  readonly onFault?: (line: string) => void
}

/** One that is alone. Throws `HttpServerError` when it cannot listen, or when the certificate is no good. */
export async function startHttpsServer(options: HttpsServerOptions): Promise<HttpsListener> {
  await using starting = new AsyncDisposableStack()
  const service = starting.use(new Service(options))
  const open = (certificate: Certificate) => listenHttps(service, options, certificate)
  const listener = starting.use(await followCertificate(options, open, options.onFault))
  const owned = starting.move()
  return { ...listener, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function asOptions({ ticketKeys, ...pair }: Certificate) {
  return { ...pair, ticketKeys: Buffer.from(ticketKeys) }
}

/** Nobody can be told that there is no room before he has been shaken hands with, which is what costs. */
function letIn(server: Http2SecureServer, { room, fronts }: Service): ReadonlySet<Socket> {
  const inside = new Set<Socket>()
  server.on('connection', (socket) => {
    const address = plainAddress(socket.remoteAddress ?? '')
    if (room.isFullOfTls || (room.hasAllOf(address) && !fronts.has(address))) {
      socket.destroy()
      return
    }
    inside.add(socket)
    room.enter('https', address)
    socket.once('close', () => {
      inside.delete(socket)
      room.leave('https', address)
    })
  })
  return inside
}

function answerWith(server: Http2SecureServer, service: Service): void {
  const views = new WeakMap<object, View>()
  server.on('session', (session) => {
    session.setTimeout(SESSION_IDLE_MS, () => session.close())
    // A client that breaks off is no event.
    session.on('error', () => {})
  })
  server.on('request', (request: Request, response: Response) => {
    const connection = 'stream' in request ? request.stream.session : request.socket
    const view = connection && (views.get(connection) ?? new View(service.source))
    if (connection === undefined || view === undefined) return
    views.set(connection, view)
    const { snapshot, isLast } = view.get(request.url?.slice(1))
    if (isLast) endAfter(response)
    const socket = 'stream' in request ? undefined : request.socket
    const watch = new AnswerWatch(service, socket, () => response.destroy())
    service.watch.add(watch)
    const peer = plainAddress(request.socket?.remoteAddress ?? '')
    const served = serve(request, response, { service, snapshot, peer, onPiece: watch.onPiece })
      .catch(() => response.destroy())
      .finally(() => service.watch.delete(watch))
    service.follow(served)
  })
}

/** The client comes back on a new connection, which sees the new release. */
function endAfter(response: Response): void {
  if ('stream' in response) response.stream?.session?.close()
  else response.shouldKeepAlive = false
}
