/**
 * The mirror's web server: GET and HEAD of one published tree, with the operator's `local_*` laid over it.
 *
 * Never 403 and never a redirect (field-notes 2, R46), never chunked and always with a length, for clients of 2003
 * (formats.md 6.3). Every Host is served: `database.<zone>`, `db.*.<zone>`, the mirror's own names, none (R42).
 * Plain requests are answered straight from the socket, everything else by Node's own HTTP.
 * Throws `HttpServerError` when it cannot listen.
 */
import { createServer } from 'node:net'
import { Door } from '../connection/door.ts'
import { Service, type ServiceOptions } from '../connection/service.ts'
import { Closing, type Listener, type ListenPlace, listen } from './listen.ts'

export async function listenHttp(service: Service, place: ListenPlace): Promise<Listener> {
  const door = new Door(service)
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => door.open(socket))
  const listening = await listen(server, place)
  const closing = new Closing(
    server,
    () => door.close(),
    () => door.destroy(),
  )
  return {
    ...listening,
    drain: () => closing.drain(),
    [Symbol.asyncDispose]: () => closing.end(),
  }
}

export interface HttpServerOptions extends ServiceOptions {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
}

/** One that is alone. */
export async function startHttpServer(options: HttpServerOptions): Promise<Listener> {
  await using starting = new AsyncDisposableStack()
  const service = starting.use(new Service(options))
  const listener = starting.use(await listenHttp(service, options))
  const owned = starting.move()
  return { ...listener, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
