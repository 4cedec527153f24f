/**
 * The same by HTTPS, over HTTP/2 where the client can and HTTP/1.1 where not. The certificate is read anew when its file
 * changes, as ACME clients change it; a pair that does not fit leaves the old one in place and is told.
 */
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import { plainAddress } from '#core/limits/index.ts'
import {
  CAREFUL_TIMEOUT_MS,
  CLOSE_GRACE_MS,
  HEAD_BYTES_MAX,
  HEAD_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  pieceTimeoutMs,
} from './bounds.ts'
import { serve } from './careful.ts'
import { type HttpServer, HttpServerError, listen } from './listen.ts'
import type { Request, Response } from './respond.ts'
import { Service, type ServiceOptions, View } from './service.ts'

const LOOK_FOR_CERTIFICATE_MS = 5_000
/** A browser opens under ten at a time. */
const STREAMS_MAX = 64
/** Guess: TLS costs some 50 KB a connection. */
const CONNECTIONS_MAX = 4096
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

export interface HttpsServerOptions extends ServiceOptions {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  /** PEM files: the chain, and its key. */
  readonly certificateFile: string
  readonly keyFile: string
  readonly onFault?: (line: string) => void
}

/** Throws `HttpServerError` when it cannot listen, or when the certificate is no good at the start. */
export async function startHttpsServer(options: HttpsServerOptions): Promise<HttpServer> {
  const pair = await readPair(options).catch((cause: unknown) => {
    const files = `"${options.certificateFile}" with "${options.keyFile}"`
    throw new HttpServerError('bad-certificate', `use the certificate ${files}`, { cause })
  })
  await using starting = new AsyncDisposableStack()
  const service = starting.use(new Service(options))
  const server = createSecureServer({ ...OPTIONS, ...pair })
  server.maxConnections = CONNECTIONS_MAX
  answerWith(server, service)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const place = await listen(server, options)
  starting.defer(() => close(server, sockets))
  const renewal = new Renewal(server, options)
  starting.use(renewal)
  const owned = starting.move()
  return { ...place, [Symbol.asyncDispose]: () => owned.disposeAsync() }
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
    const watched = {
      deadline: service.watch.now + CAREFUL_TIMEOUT_MS,
      onLate: () => response.destroy(),
    }
    service.watch.add(watched)
    const onPiece = (bytes: number) => {
      watched.deadline = service.watch.now + pieceTimeoutMs(bytes)
    }
    const peer = plainAddress(request.socket?.remoteAddress ?? '')
    serve(request, response, { service, snapshot, peer, onPiece })
      .catch(() => response.destroy())
      .finally(() => service.watch.delete(watched))
  })
}

/** The client comes back on a new connection, which sees the new release. */
function endAfter(response: Response): void {
  if ('stream' in response) response.stream?.session?.close()
  else response.shouldKeepAlive = false
}

async function close(server: Http2SecureServer, sockets: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, CLOSE_GRACE_MS)
  await closed
  clearTimeout(timer)
}

interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** Throws when the two do not fit. */
async function readPair(
  files: Pick<HttpsServerOptions, 'certificateFile' | 'keyFile'>,
): Promise<Pair> {
  const pair = { cert: await readFile(files.certificateFile), key: await readFile(files.keyFile) }
  createSecureContext(pair)
  return pair
}

class Renewal implements Disposable {
  readonly #server: Http2SecureServer
  readonly #options: HttpsServerOptions
  readonly #timer: NodeJS.Timeout
  #seen = ''

  constructor(server: Http2SecureServer, options: HttpsServerOptions) {
    this.#server = server
    this.#options = options
    const look = () => {
      this.#look().catch((error: unknown) => {
        options.onFault?.(
          `certificate "${options.certificateFile}" stays as it was: ${String(error)}`,
        )
      })
    }
    this.#timer = setInterval(look, LOOK_FOR_CERTIFICATE_MS).unref()
    this.#mark().then(
      (mark) => {
        this.#seen = mark
      },
      () => {},
    )
  }

  async #look(): Promise<void> {
    const mark = await this.#mark()
    if (mark === this.#seen) return
    this.#seen = mark
    this.#server.setSecureContext(await readPair(this.#options))
  }

  async #mark(): Promise<string> {
    const { certificateFile, keyFile } = this.#options
    const found = await Promise.all([stat(certificateFile), stat(keyFile)])
    return found.map(({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`).join(' ')
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
