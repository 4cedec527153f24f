import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Exchange {
  readonly request: string
  /** First line of the answer. */
  readonly status: string
  readonly bodyBytes: number
}

/**
 * A wire tap before a mirror: passes everything on, remembers each exchange, and can cut the line after so many bytes
 * of an answer, as a mirror does that dies half-way. One request a connection, which is how freshclam asks.
 */
export class Tap implements AsyncDisposable {
  readonly exchanges: Exchange[] = []
  cutAfterBytes: number | undefined
  readonly #server = createServer((client) => this.#pass(client))
  readonly #sockets = new Set<Socket>()
  readonly #to: { readonly host: string; readonly port: number }

  private constructor(to: { readonly host: string; readonly port: number }) {
    this.#to = to
  }

  static async before(to: { readonly host: string; readonly port: number }): Promise<Tap> {
    const tap = new Tap(to)
    tap.#server.listen(0, '127.0.0.1')
    await once(tap.#server, 'listening')
    return tap
  }

  get url(): string {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('Cannot tell the port')
    return `http://127.0.0.1:${address.port}`
  }

  /** Path of each request, in order. */
  get paths(): readonly string[] {
    return this.exchanges.map(({ request }) => request.split(' ')[1] ?? '')
  }

  #pass(client: Socket): void {
    const mirror = connect(this.#to.port, this.#to.host)
    for (const socket of [client, mirror]) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    }
    const asked: Buffer[] = []
    const answered: Buffer[] = []
    let answeredBytes = 0
    client.on('data', (bytes) => {
      asked.push(bytes)
      mirror.write(bytes)
    })
    mirror.on('data', (bytes) => {
      answered.push(bytes)
      answeredBytes += bytes.byteLength
      if (this.cutAfterBytes !== undefined && answeredBytes > this.cutAfterBytes) {
        client.resetAndDestroy()
        mirror.destroy()
        return
      }
      client.write(bytes)
    })
    client.on('end', () => mirror.end())
    mirror.on('end', () => client.end())
    mirror.on('close', () => {
      if (asked.length > 0) this.exchanges.push(exchange(asked, answered))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close').catch(() => {})
  }
}

function exchange(asked: readonly Buffer[], answered: readonly Buffer[]): Exchange {
  const answer = Buffer.concat(answered)
  const end = answer.indexOf('\r\n\r\n')
  return {
    request: Buffer.concat(asked).toString('latin1'),
    status: answer.subarray(0, Math.max(answer.indexOf('\r\n'), 0)).toString('latin1'),
    bodyBytes: end < 0 ? 0 : answer.byteLength - end - 4,
  }
}
