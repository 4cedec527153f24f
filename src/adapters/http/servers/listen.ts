import { once } from 'node:events'
import type { Server } from 'node:net'
import { CLOSE_GRACE_MS } from '../limits/bounds.ts'

export interface Place {
  readonly host: string
  readonly port: number
}

export interface ListenPlace extends Place {
  /** Other threads of ours listen there as well (`SO_REUSEPORT`). */
  readonly isShared?: boolean
}

/** Disposing it lets answers under way go on for a moment only. */
export interface Listener extends AsyncDisposable, Place {
  /** Takes nobody new, and lets who is being answered have all of it. Resolves when the last has gone. */
  drain(): Promise<void>
}

export class HttpServerError extends Error {
  override readonly name = 'HttpServerError'
  readonly code: 'cannot-listen' | 'bad-certificate'

  constructor(code: HttpServerError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }

  static cannotListen({ host, port }: Place, cause: unknown): HttpServerError {
    return new HttpServerError('cannot-listen', `listen on ${host} port ${port}`, { cause })
  }
}

/** What a machine without IPv6 says of `::`. */
const NO_IPV6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL']

/** On `::` both families are answered; where there is no IPv6, the other alone. Throws `HttpServerError`. */
export async function listen(
  server: Server,
  { host, port, isShared = false }: ListenPlace,
): Promise<Place> {
  const listening = once(server, 'listening')
  server.listen({ port, host, reusePort: isShared })
  try {
    await listening
  } catch (error) {
    if (host === '::' && NO_IPV6.includes(codeOf(error))) {
      return await listen(server, { host: '0.0.0.0', port, isShared })
    }
    throw HttpServerError.cannotListen({ host, port }, error)
  }
  const address = server.address()
  return { host, port: typeof address === 'object' && address !== null ? address.port : port }
}

interface Closable {
  close(onClosed: () => void): void
}

/** How a server that has begun to listen ends. `goodbye` tells those inside, `destroy` ends who has not gone. */
export class Closing {
  readonly #server: Closable
  readonly #goodbye: () => void
  readonly #destroy: () => void
  #closed: Promise<void> | undefined

  constructor(server: Closable, goodbye: () => void, destroy: () => void) {
    this.#server = server
    this.#goodbye = goodbye
    this.#destroy = destroy
  }

  drain(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(resolve)
      this.#goodbye()
    })
    return this.#closed
  }

  async end(): Promise<void> {
    const closed = this.drain()
    const timer = setTimeout(this.#destroy, CLOSE_GRACE_MS)
    await closed
    clearTimeout(timer)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
