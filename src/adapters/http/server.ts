/**
 * The mirror's web server: GET and HEAD of one published tree, with the operator's `local_*` laid over it.
 *
 * Never 403 and never a redirect (field-notes 2, R46), never chunked and always with a length, for clients of 2003
 * (formats.md 6.3). Every Host is served: `database.<zone>`, `db.*.<zone>`, the mirror's own names, none (R42).
 * Plain requests are answered straight from the socket, everything else by Node's own HTTP.
 * Throws `HttpServerError` when it cannot listen.
 */
import { createServer } from 'node:net'
import { CONNECTIONS_MAX } from './bounds.ts'
import { Door, type DoorOptions, TURNED_AWAY_MAX } from './door.ts'
import { Closing, type HttpServer, listen, type ServerRules } from './listen.ts'
import { Service, type ServiceOptions } from './service.ts'

export interface HttpServerOptions extends ServiceOptions, ServerRules {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
}

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  await using starting = new AsyncDisposableStack()
  const service = starting.use(new Service(options))
  const door = new Door(service, roomOf(options))
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => door.open(socket))
  const makeRoom = (rules: ServerRules) => {
    const room = roomOf(rules)
    door.change(room)
    server.maxConnections = room.connectionsMax + TURNED_AWAY_MAX
  }
  makeRoom(options)
  const place = await listen(server, options)
  const closing = new Closing(
    server,
    () => door.close(),
    () => door.destroy(),
  )
  starting.defer(() => closing.end())
  const owned = starting.move()
  return {
    ...place,
    change: (rules) => {
      service.change(rules)
      makeRoom(rules)
    },
    drain: () => closing.drain(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function roomOf({ connectionsMax, connectionsPerAddressMax }: ServerRules): DoorOptions {
  return { connectionsMax: connectionsMax ?? CONNECTIONS_MAX, connectionsPerAddressMax }
}
