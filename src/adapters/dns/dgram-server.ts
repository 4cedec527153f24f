/**
 * Datagrams one by one, through `node:dgram`: works everywhere, and costs some 12 µs a packet of which nothing here is
 * the cause. Throws `DnsServerError`.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { parseIpAddress, unmapped } from '#base/ip-address.ts'
import { type DnsServer, DnsServerError } from '#ports/dns-server.ts'
import { Responder } from './responder.ts'
import { type ResponderSetup, UDP_BYTES_MAX } from './setup.ts'

export interface ListenOptions {
  readonly host: string
  /** 0: one that is free. */
  readonly port: number
  /** Other processes may answer on the same port; the system spreads the packets. */
  readonly sharePort?: boolean
}

/** What the system may hold while this process is busy; it gives what it allows. */
const RECEIVE_BYTES = 4 * 1024 * 1024

/** Addresses are addresses already; without this each send would ask the resolver's thread pool. */
const noLookup = (
  host: string,
  _options: object,
  found: (error: null, address: string, family: number) => void,
): void => found(null, host, isIPv6(host) ? 6 : 4)

export async function startDgramServer(
  listen: ListenOptions,
  setup: ResponderSetup,
): Promise<DnsServer> {
  const { host, port, sharePort = false } = listen
  const ipv6 = isIPv6(host)
  const socket = createSocket({
    type: ipv6 ? 'udp6' : 'udp4',
    ipv6Only: ipv6,
    reusePort: sharePort,
    lookup: noLookup as never,
  })
  const responder = new Responder(setup)
  const answering = new Answering(socket, responder)
  const listening = once(socket, 'listening')
  socket.bind({ address: host, port, exclusive: true })
  await listening.catch((cause: unknown) => {
    throw new DnsServerError('cannot-listen', `listen on ${host} port ${port}/udp`, { cause })
  })
  enlarge(socket)
  socket.on('message', (message, from) => answering.answer(message, from))
  // A port that a client closed meanwhile comes back as an error of the socket; nobody is to blame.
  socket.on('error', () => {})
  return {
    kind: 'dgram',
    host,
    port: socket.address().port,
    answerFrom: (snapshot) => responder.answerFrom(snapshot),
    placeBy: (places, overrides) => responder.placeBy(places, overrides),
    signWith: (keys) => responder.signWith(keys),
    counters: async () => responder.countersAt(Date.now()),
    [Symbol.asyncDispose]: async () => {
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

class Answering {
  readonly #socket: Socket
  readonly #responder: Responder
  readonly #out = Buffer.alloc(UDP_BYTES_MAX)

  constructor(socket: Socket, responder: Responder) {
    this.#socket = socket
    this.#responder = responder
  }

  answer(message: Buffer, from: RemoteInfo): void {
    const peer = parseIpAddress(from.address.split('%', 1)[0] ?? '')
    if (peer === undefined || from.port === 0) return
    const length = this.#responder.respond(
      message,
      message.byteLength,
      unmapped(peer),
      'udp',
      Date.now(),
      this.#out,
    )
    if (length === 0) return
    // A copy, since the system may take it later.
    const answer = Buffer.from(this.#out.subarray(0, length))
    this.#socket.send(answer, 0, length, from.port, from.address, () => {})
  }
}

function enlarge(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BYTES)
  } catch {
    // The system allows less; it works with that.
  }
}
