/**
 * The mirror's web server: GET and HEAD of one published tree, with the operator's `local_*` laid over it.
 *
 * Never 403 and never a redirect (field-notes 2, R46), never chunked and always with a length, for clients of 2003
 * (formats.md 6.3). Every Host is served: `database.<zone>`, `db.*.<zone>`, the mirror's own names, none (R42).
 * Plain requests are answered straight from the socket, everything else by Node's own HTTP.
 * Throws `HttpServerError` when it cannot listen.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { CLOSE_GRACE_MS, CONNECTIONS_MAX } from './bounds.ts'
import { Door, TURNED_AWAY_MAX } from './door.ts'
import { type HttpServer, listen, type Place } from './listen.ts'
import { Service, type ServiceOptions } from './service.ts'

export interface HttpServerOptions extends ServiceOptions {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  readonly connectionsMax?: number
  /** Of one address, fronts excepted. Absent: as many as it likes, since it may be an office. */
  readonly connectionsPerAddressMax?: number | undefined
}

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const service = new Service(options)
  const { connectionsMax = CONNECTIONS_MAX, connectionsPerAddressMax } = options
  const door = new Door(service, { connectionsMax, connectionsPerAddressMax })
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => door.open(socket))
  server.maxConnections = connectionsMax + TURNED_AWAY_MAX
  let place: Place
  try {
    place = await listen(server, options)
  } catch (error) {
    service[Symbol.dispose]()
    throw error
  }
  const close = async () => {
    using _ = service
    await closeAll(server, door)
  }
  return { ...place, [Symbol.asyncDispose]: close }
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
