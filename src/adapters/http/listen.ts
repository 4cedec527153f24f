import { once } from 'node:events'
import type { Server } from 'node:net'

export interface Place {
  readonly host: string
  readonly port: number
}

export interface HttpServer extends AsyncDisposable, Place {}

export class HttpServerError extends Error {
  override readonly name = 'HttpServerError'
  readonly code: 'cannot-listen' | 'bad-certificate'

  constructor(code: HttpServerError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

/** What a machine without IPv6 says of `::`. */
const NO_IPV6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL']

/** On `::` both families are answered; where there is no IPv6, the other alone. Throws `HttpServerError`. */
export async function listen(server: Server, { host, port }: Place): Promise<Place> {
  const listening = once(server, 'listening')
  server.listen(port, host)
  try {
    await listening
  } catch (error) {
    if (host === '::' && NO_IPV6.includes(codeOf(error))) {
      return await listen(server, { host: '0.0.0.0', port })
    }
    throw cannotListen({ host, port }, error)
  }
  const address = server.address()
  return { host, port: typeof address === 'object' && address !== null ? address.port : port }
}

function cannotListen({ host, port }: Place, cause: unknown): HttpServerError {
  return new HttpServerError('cannot-listen', `listen on ${host} port ${port}`, { cause })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
