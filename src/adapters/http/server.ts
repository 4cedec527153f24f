/**
 * The mirror's web server: GET and HEAD of one published tree, with the operator's `local_*` laid over it.
 *
 * Never 403 and never a redirect (field-notes 2, R46), never chunked and always with a length, for clients of 2003
 * (formats.md 6.3). Every Host is served: `database.<zone>`, `db.*.<zone>`, the mirror's own names, none (R42).
 * Plain requests are answered straight from the socket, everything else by Node's own HTTP.
 * Throws `HttpServerError` when it cannot listen.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { CLOSE_GRACE_MS, CONNECTIONS_MAX } from './bounds.ts'
import { carefulPath } from './careful.ts'
import { PlainConnection } from './connection.ts'
import { refusal } from './plan-answer.ts'
import { Service, type ServiceOptions } from './service.ts'

/** What a client that there was no room for is told to wait, in seconds. */
const BUSY_RETRY_AFTER = 30
/** Beyond the most connections, so many more get a 503 each before they are closed; the rest is not accepted. */
const TURNED_AWAY_MAX = 256

export interface HttpServerOptions extends ServiceOptions {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  readonly connectionsMax?: number
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
  const service = new Service(options)
  const door = new Door(service, options.connectionsMax ?? CONNECTIONS_MAX)
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => door.open(socket))
  server.maxConnections = door.connectionsMax + TURNED_AWAY_MAX
  try {
    await listen(server, options)
  } catch (error) {
    service[Symbol.dispose]()
    throw error
  }
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  const close = async () => {
    using _ = service
    await closeAll(server, door)
  }
  return { host: options.host, port, [Symbol.asyncDispose]: close }
}

async function listen(server: Server, { host, port }: HttpServerOptions): Promise<void> {
  const listening = once(server, 'listening')
  server.listen(port, host)
  await listening.catch((cause: unknown) => {
    throw new HttpServerError('cannot-listen', `listen on ${host} port ${port}`, { cause })
  })
}

async function closeAll(server: Server, door: Door): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  door.close()
  const timer = setTimeout(() => door.destroy(), CLOSE_GRACE_MS)
  await closed
  clearTimeout(timer)
}

/** Who is in, and who may come in. */
class Door {
  readonly connectionsMax: number
  readonly #service: Service
  readonly #careful: (socket: Socket) => void
  readonly #inside = new Map<Socket, PlainConnection>()

  constructor(service: Service, connectionsMax: number) {
    this.#service = service
    this.connectionsMax = connectionsMax
    this.#careful = carefulPath(service)
  }

  open(socket: Socket): void {
    const hasRoom = this.#inside.size < this.connectionsMax || this.#endAnIdleOne()
    const connection = new PlainConnection(socket, this.#service, this.#careful)
    this.#inside.set(socket, connection)
    socket.once('close', () => this.#inside.delete(socket))
    if (!hasRoom) connection.turnAway(refusal(503, `Retry-After: ${BUSY_RETRY_AFTER}\r\n`))
  }

  /** The oldest of those who want nothing at the moment. */
  #endAnIdleOne(): boolean {
    for (const connection of this.#inside.values()) {
      if (!connection.isIdle) continue
      connection.destroy()
      return true
    }
    return false
  }

  close(): void {
    for (const connection of this.#inside.values()) connection.close()
  }

  destroy(): void {
    for (const socket of this.#inside.keys()) socket.destroy()
  }
}
