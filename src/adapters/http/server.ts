/**
 * The mirror's web server: GET and HEAD of one published tree, with the operator's `local_*` laid over it.
 *
 * Never 403 and never a redirect (field-notes 2, R46), never chunked and always with a length, for clients of 2003
 * (formats.md 6.3). Every Host is served: `database.<zone>`, `db.*.<zone>`, the mirror's own names, none (R42).
 * Throws `HttpServerError` when it cannot listen.
 */
import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import { type RespondOptions, respond } from './respond.ts'

/** freshclam sends under 400 bytes of head; proxies add some. Beyond it: 431. */
const HEAD_BYTES_MAX = 8 * 1024
/** Time to send the head. Beyond it: 408. */
const HEAD_TIMEOUT_MS = 10_000
/** Time to send head and body; there is no body worth waiting for. */
const REQUEST_TIMEOUT_MS = 20_000
/** A connection on which no byte moves for this long is closed: freshclam gives up after 60 s itself (5.2). */
const IDLE_TIMEOUT_MS = 60_000
/** freshclam opens a connection a request; only browsers and probes come back. */
const KEEP_ALIVE_TIMEOUT_MS = 5_000
/** Guess: with 128 KiB a slow reader, half a GiB at the very worst. */
const CONNECTIONS_MAX = 4096
/** When the server closes, answers under way get this long. */
const CLOSE_GRACE_MS = 2_000

/** One finished request, for the access log. What the client sent is hostile text. */
export interface RequestRecord {
  readonly from: string
  readonly method: string
  readonly target: string
  readonly status: number
  /** Of the body, as handed to the system. */
  readonly bytesSent: number
  /** False when the client went before the end. */
  readonly complete: boolean
  readonly agent: string
  readonly tookMs: number
}

export interface HttpServerOptions extends RespondOptions {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  readonly onRequest?: (record: RequestRecord) => void
}

export interface HttpServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

export class HttpServerError extends Error {
  override readonly name = 'HttpServerError'
  readonly code: 'cannot-listen'

  constructor(code: HttpServerError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer({
    requireHostHeader: false,
    maxHeaderSize: HEAD_BYTES_MAX,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: 5_000,
    noDelay: true,
  })
  server.maxConnections = CONNECTIONS_MAX
  server.timeout = IDLE_TIMEOUT_MS
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response, options).catch(() => response.destroy())
  }
  server.on('request', onRequest)
  // A client that asks first whether it may send a body is simply answered.
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('connect', (_request, socket) => socket.end(bare(405, 'Allow: GET, HEAD\r\n')))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else socket.end(bare(STATUS_OF_PARSER[error.code ?? ''] ?? 400), () => socket.destroy())
  })
  await listen(server, options)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  return { host: options.host, port, [Symbol.asyncDispose]: () => close(server) }
}

const STATUS_OF_PARSER: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

function bare(status: number, fields = ''): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields}Content-Length: 0\r\nConnection: close\r\n\r\n`
}

async function listen(server: Server, { host, port }: HttpServerOptions): Promise<void> {
  const listening = once(server, 'listening')
  server.listen(port, host)
  await listening.catch((cause: unknown) => {
    throw new HttpServerError('cannot-listen', `listen on ${host} port ${port}`, { cause })
  })
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
  await closed
  clearTimeout(timer)
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpServerOptions,
): Promise<void> {
  const started = performance.now()
  const from = request.socket.remoteAddress ?? ''
  let bytesSent = 0
  try {
    bytesSent = await respond(request, response, options)
  } catch {
    // The disk failed half-way; the head has gone, so only a cut connection can say it.
    response.destroy()
  }
  if (options.onRequest === undefined) return
  if (!response.closed) await once(response, 'close')
  options.onRequest({
    from,
    method: request.method ?? '',
    target: request.url ?? '',
    status: response.statusCode,
    bytesSent,
    complete: response.writableFinished,
    agent: request.headers['user-agent'] ?? '',
    tookMs: performance.now() - started,
  })
}
