/**
 * DNS over TCP (RFC 7766): each message behind its length, several on one connection. Strangers hold connections open, so
 * their number, their time and what they may send at once are bounded; when all are taken, whoever has been answered least
 * lately makes room for the next. Throws `DnsServerError`.
 */
import { once } from 'node:events'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { parseIpAddress, unmapped } from '#base/ip-address.ts'
import { DnsServerError } from '#ports/dns-server.ts'
import type { ListenOptions } from './dgram-server.ts'
import type { Responder } from './responder.ts'
import { TcpConnection } from './tcp-connection.ts'
import type { ZoneTransfers } from './transfers.ts'

/** Guess: 400 KiB each at the worst. */
const CONNECTIONS_MAX = 512
/** One network's share of them. */
const CONNECTIONS_MAX_PER_NETWORK = 32
/** A customer has a whole /56 of IPv6 (RFC 6177); an IPv4 address is one by itself. */
const IPV6_NETWORK_BYTES = 7
/** So long a last answer may take to go out. */
const END_MS = 1_000

export interface DnsTcpServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

export async function startTcpServer(
  listen: ListenOptions,
  responder: Responder,
  transfers?: ZoneTransfers,
): Promise<DnsTcpServer> {
  const connections = new Connections(responder, transfers)
  const server = createServer({ noDelay: true }, (socket) => connections.take(socket))
  await listenOn(server, listen)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : listen.port
  return {
    host: listen.host,
    port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      // What has arrived is read first.
      await turn()
      server.close()
      connections.end()
      const late = new AbortController()
      const waited = wait(END_MS, undefined, { signal: late.signal }).catch(() => {})
      await Promise.race([closed, waited])
      late.abort()
      connections.destroy()
      await closed
    },
  }
}

async function listenOn(
  server: Server,
  { host, port, sharePort = false }: ListenOptions,
): Promise<void> {
  const listening = once(server, 'listening')
  server.listen({ host, port, ipv6Only: isIPv6(host), exclusive: true, reusePort: sharePort })
  await listening.catch((cause: unknown) => {
    throw new DnsServerError('cannot-listen', `listen on ${host} port ${port}/tcp`, { cause })
  })
}

/** Those that are open, whoever was answered least lately first. */
class Connections {
  readonly #responder: Responder
  readonly #transfers: ZoneTransfers | undefined
  readonly #open = new Set<TcpConnection>()
  readonly #byNetwork = new Map<string, number>()

  constructor(responder: Responder, transfers: ZoneTransfers | undefined) {
    this.#responder = responder
    this.#transfers = transfers
  }

  take(socket: Socket): void {
    const peer = parseIpAddress((socket.remoteAddress ?? '').split('%', 1)[0] ?? '')
    const from = peer && unmapped(peer)
    const network = networkOf(from ?? new Uint8Array())
    const count = this.#byNetwork.get(network) ?? 0
    if (from === undefined || count >= CONNECTIONS_MAX_PER_NETWORK) {
      socket.destroy()
      return
    }
    const [stalest] = this.#open
    if (stalest !== undefined && this.#open.size >= CONNECTIONS_MAX) {
      this.#open.delete(stalest)
      stalest.destroy()
    }
    const connection = new TcpConnection(socket, from, this.#responder, this.#transfers, (served) =>
      this.#moveBack(served),
    )
    this.#open.add(connection)
    this.#byNetwork.set(network, count + 1)
    socket.once('close', () => this.#forget(connection, network))
  }

  end(): void {
    for (const connection of this.#open) connection.end()
  }

  destroy(): void {
    for (const connection of this.#open) connection.destroy()
  }

  #moveBack(served: TcpConnection): void {
    if (this.#open.delete(served)) this.#open.add(served)
  }

  #forget(connection: TcpConnection, network: string): void {
    this.#open.delete(connection)
    const left = (this.#byNetwork.get(network) ?? 1) - 1
    if (left === 0) this.#byNetwork.delete(network)
    else this.#byNetwork.set(network, left)
  }
}

function networkOf(address: Uint8Array): string {
  const own = address.byteLength === 4 ? address : address.subarray(0, IPV6_NETWORK_BYTES)
  return own.join()
}
