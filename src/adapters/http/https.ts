/**
 * The same by HTTPS, over HTTP/2 where the client can and HTTP/1.1 where not. The certificate is read anew when its file
 * changes, as ACME clients change it; a pair that does not fit leaves the old one in place and is told.
 */
import { readFile, stat } from 'node:fs/promises'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import { plainAddress } from '#core/limits/index.ts'
import {
  CAREFUL_TIMEOUT_MS,
  HEAD_BYTES_MAX,
  HEAD_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  pieceTimeoutMs,
} from './bounds.ts'
import { serve } from './careful.ts'
import { Closing, type HttpServer, HttpServerError, listen } from './listen.ts'
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

/** PEM files: the chain, and its key. */
export interface CertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

export interface HttpsServer extends HttpServer {
  /** For whoever comes from now on. Throws `HttpServerError`, and stays with what it had, when they are no good. */
  useCertificate(files: CertificateFiles): Promise<void>
}

export interface HttpsServerOptions extends ServiceOptions, CertificateFiles {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  readonly onFault?: (line: string) => void
}

/** Throws `HttpServerError` when it cannot listen, or when the certificate is no good at the start. */
export async function startHttpsServer(options: HttpsServerOptions): Promise<HttpsServer> {
  const pair = await mustReadPair(options)
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
  const closing = new Closing(
    server,
    () => {},
    () => {
      for (const socket of sockets) socket.destroy()
    },
  )
  starting.defer(() => closing.end())
  const renewal = starting.use(new Renewal(server, options, options.onFault))
  const owned = starting.move()
  return {
    ...place,
    change: (rules) => service.change(rules),
    drain: () => closing.drain(),
    useCertificate: (files) => renewal.follow(files),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
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

interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
}

async function mustReadPair(files: CertificateFiles): Promise<Pair> {
  return await readPair(files).catch((cause: unknown) => {
    const names = `"${files.certificateFile}" with "${files.keyFile}"`
    throw new HttpServerError('bad-certificate', `use the certificate ${names}`, { cause })
  })
}

/** Throws when the two do not fit. */
async function readPair(files: CertificateFiles): Promise<Pair> {
  const pair = { cert: await readFile(files.certificateFile), key: await readFile(files.keyFile) }
  createSecureContext(pair)
  return pair
}

class Renewal implements Disposable {
  readonly #server: Http2SecureServer
  readonly #timer: NodeJS.Timeout
  #files: CertificateFiles
  #seen = ''

  constructor(
    server: Http2SecureServer,
    files: CertificateFiles,
    onFault: (line: string) => void = () => {},
  ) {
    this.#server = server
    this.#files = files
    const look = () => {
      this.#look().catch((error: unknown) => {
        const { certificateFile } = this.#files
        onFault(`certificate "${certificateFile}" stays as it was: ${String(error)}`)
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

  async follow(files: CertificateFiles): Promise<void> {
    this.#server.setSecureContext(await mustReadPair(files))
    this.#files = files
  }

  async #look(): Promise<void> {
    const mark = await this.#mark()
    if (mark === this.#seen) return
    this.#seen = mark
    this.#server.setSecureContext(await readPair(this.#files))
  }

  async #mark(): Promise<string> {
    const { certificateFile, keyFile } = this.#files
    const found = await Promise.all([stat(certificateFile), stat(keyFile)])
    return found.map(({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`).join(' ')
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
