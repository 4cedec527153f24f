import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream'

/** A relay before any server: what goes over the wire is counted, in both directions. */
export class Wire implements AsyncDisposable {
  bytes = 0
  connections = 0
  readonly #to: { readonly host: string; readonly port: number }
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer({ noDelay: true }, (client) => this.#pass(client))

  private constructor(to: { readonly host: string; readonly port: number }) {
    this.#to = to
  }

  static async before(to: { readonly host: string; readonly port: number }): Promise<Wire> {
    const wire = new Wire(to)
    wire.#server.listen(0, '127.0.0.1')
    await once(wire.#server, 'listening')
    return wire
  }

  get port(): number {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('Cannot tell the port')
    return address.port
  }

  /** What went by since the last time. */
  take(): { readonly bytes: number; readonly connections: number } {
    const { bytes, connections } = this
    this.bytes = 0
    this.connections = 0
    return { bytes, connections }
  }

  #pass(client: Socket): void {
    this.connections += 1
    const server = connect({ ...this.#to, noDelay: true })
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('data', ({ byteLength }) => {
        this.bytes += byteLength
      })
    }
    // An end of one side is passed on; an error of one ends both, and whoever asked will notice.
    pipeline(client, server, client, () => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
