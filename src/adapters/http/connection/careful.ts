/**
 * The careful path: Node's own HTTP/1 parser for connections that brought something unusual. Each serves one answer
 * and ends.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { epochMs } from '#base/time.ts'
import type { Sent } from '../files/send-file.ts'
import type { Snapshot } from '../files/snapshot.ts'
import { HEAD_BYTES_MAX } from '../limits/bounds.ts'
import { AnswerWatch } from './patience.ts'
import { type Request, type Response, respond } from './respond.ts'
import type { Service } from './service.ts'
import { View } from './view.ts'

const STATUS_OF_PARSER: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431 }

/** Takes a socket over, with everything that was read from it put back. `peer` is whom a front announced, or itself. */
export type CarefulPath = (socket: Socket, peer: string) => void

export function carefulPath(service: Service): CarefulPath {
  const taken = new WeakMap<Socket, { readonly watch: AnswerWatch; readonly peer: string }>()
  const server = createServer({ requireHostHeader: false, maxHeaderSize: HEAD_BYTES_MAX })
  // A client that closes its half behind its request still waits for the answer.
  Object.assign(server, { httpAllowHalfOpen: true })
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    response.shouldKeepAlive = false
    const { watch, peer = '' } = taken.get(request.socket) ?? {}
    const view = new View(service.source).get()
    const serving = { service, ...view, peer, onPiece: watch?.onPiece ?? (() => {}) }
    service.follow(serve(request, response, serving).catch(() => response.destroy()))
  }
  server.on('request', onRequest)
  // A client that asks first whether it may send a body is simply answered.
  server.on('checkContinue', onRequest)
  server.on('checkExpectation', onRequest)
  server.on('connect', (_request, socket) => socket.end(bare(405, 'Allow: GET, HEAD\r\n')))
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else socket.end(bare(STATUS_OF_PARSER[error.code ?? ''] ?? 400))
  })
  return (socket, peer) => {
    const watch = new AnswerWatch(service, socket, () => socket.destroy())
    taken.set(socket, { watch, peer })
    service.watch.add(watch)
    socket.once('close', () => service.watch.delete(watch))
    server.emit('connection', socket)
    socket.resume()
  }
}

function bare(status: number, fields = ''): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields}Content-Length: 0\r\nConnection: close\r\n\r\n`
}

interface Serving {
  readonly service: Service
  readonly snapshot: Snapshot | undefined
  readonly peer: string
  readonly onPiece: (bytes: number) => void
}

/** Answers one request and tells of it when its last byte has left or its client has gone. */
export async function serve(
  request: Request,
  response: Response,
  { service, snapshot, peer, onPiece }: Serving,
): Promise<void> {
  const at = Date.now()
  const from = service.fronts.clientOf(peer, String(request.headers['x-forwarded-for'] ?? ''))
  let sent: Sent = { bytes: 0, complete: false }
  response.setTimeout(service.stalledMs, () => response.destroy())
  try {
    sent = await respond(request, response, { service, snapshot, from, onPiece })
  } catch {
    // The disk failed half-way; the head has gone, so only a cut connection can say it.
    response.destroy()
  }
  if (!isClosed(response)) await once(response, 'close')
  const { 'user-agent': agent = '', referer = '' } = request.headers
  service.onRequest({
    at: epochMs(at),
    from,
    method: request.method ?? '',
    target: request.url ?? '',
    protocol: `HTTP/${request.httpVersion}`,
    status: response.statusCode,
    bytesSent: sent.bytes,
    complete: sent.complete && response.writableEnded,
    agent,
    referer: String(referer),
    tookMs: Date.now() - at,
  })
}

function isClosed(response: Response): boolean {
  return 'stream' in response ? (response.stream?.closed ?? true) : response.closed
}
