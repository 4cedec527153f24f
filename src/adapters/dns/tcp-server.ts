/**
 * DNS over TCP (RFC 7766): each message behind its length, several on one connection. Strangers hold connections open, so
 * their number, their idle time and what they may send at once are bounded. Throws `DnsServerError`.
 */
import { once } from 'node:events'
import { createServer, isIPv6, type Server, type Socket } from 'node:net'
import { parseIpAddress, unmapped } from '#base/ip-address.ts'
import { epochMs, toSeconds } from '#base/time.ts'
import { DnsServerError } from '#ports/dns-server.ts'
import type { Responder } from './responder.ts'
import { TCP_BYTES_MAX } from './setup.ts'
import type { ZoneTransfers } from './transfers.ts'

/** RFC 7766, 6.2.3 leaves it open; resolvers reuse a connection within seconds. */
const IDLE_MS = 10_000
/** Guess: 150 KiB each at the worst. */
const CONNECTIONS_MAX = 512
/** One network's share of them. */
const CONNECTIONS_MAX_PER_ADDRESS = 32
/** Answers that a slow reader leaves with us before his connection ends. */
const UNREAD_BYTES_MAX = 256 * 1024
const LENGTH_BYTES = 2

export interface DnsTcpServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

export async function startTcpServer(
  listen: { readonly host: string; readonly port: number },
  responder: Responder,
  transfers?: ZoneTransfers,
): Promise<DnsTcpServer> {
  const open = new Map<string, number>()
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    const from = socket.remoteAddress ?? ''
    const count = (open.get(from) ?? 0) + 1
    if (count > CONNECTIONS_MAX_PER_ADDRESS) {
      socket.destroy()
      return
    }
    open.set(from, count)
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      const left = (open.get(from) ?? 1) - 1
      if (left === 0) open.delete(from)
      else open.set(from, left)
    })
    serve(socket, responder, transfers)
  })
  server.maxConnections = CONNECTIONS_MAX
  await listenOn(server, listen)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : listen.port
  return {
    host: listen.host,
    port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

async function listenOn(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  const listening = once(server, 'listening')
  server.listen({ host, port, ipv6Only: isIPv6(host), exclusive: true })
  await listening.catch((cause: unknown) => {
    throw new DnsServerError('cannot-listen', `listen on ${host} port ${port}/tcp`, { cause })
  })
}

function serve(socket: Socket, responder: Responder, transfers: ZoneTransfers | undefined): void {
  const peer = parseIpAddress((socket.remoteAddress ?? '').split('%', 1)[0] ?? '')
  if (peer === undefined) {
    socket.destroy()
    return
  }
  const from = unmapped(peer)
  const out = Buffer.alloc(TCP_BYTES_MAX + LENGTH_BYTES)
  let held: Buffer = Buffer.alloc(0)
  socket.setTimeout(IDLE_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (piece: Buffer) => {
    held = held.byteLength === 0 ? piece : Buffer.concat([held, piece])
    while (held.byteLength >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + held.readUInt16BE(0)
      if (held.byteLength < end) break
      const message = held.subarray(LENGTH_BYTES, end)
      held = held.subarray(end)
      const messages = transfers?.answer(message, toSeconds(epochMs(Date.now())))
      if (messages !== undefined) {
        for (const one of messages) sendFramed(socket, one)
        continue
      }
      const body = out.subarray(LENGTH_BYTES)
      const length = responder.respond(message, message.byteLength, from, 'tcp', Date.now(), body)
      if (length === 0 || socket.writableLength > UNREAD_BYTES_MAX) {
        socket.destroy()
        return
      }
      out.writeUInt16BE(length, 0)
      socket.write(Buffer.from(out.subarray(0, LENGTH_BYTES + length)))
    }
  })
}

function sendFramed(socket: Socket, message: Uint8Array): void {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt16BE(message.byteLength)
  socket.write(Buffer.concat([length, message]))
}
