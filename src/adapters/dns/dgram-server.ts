/**
 * Datagrams one by one, through `node:dgram`: works everywhere, and costs some 12 µs a packet of which nothing here is
 * the cause. Throws `DnsServerError`.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
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

/** Known by their text; strangers with ever new addresses cost no more than these. */
const PEERS_MAX = 4096

/** A turn takes 32 datagrams, and the system holds some five thousand; under load more come all the time. */
const LAST_TURNS_MAX = 200

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
      await answering.rest()
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}

interface Answer {
  readonly bytes: Uint8Array
  readonly to: RemoteInfo
}

class Answering {
  readonly #socket: Socket
  readonly #responder: Responder
  readonly #peers = new Peers()
  readonly #out = Buffer.alloc(UDP_BYTES_MAX)
  #answers: Answer[] = []
  #heard = 0

  constructor(socket: Socket, responder: Responder) {
    this.#socket = socket
    this.#responder = responder
  }

  answer(message: Buffer, from: RemoteInfo): void {
    this.#heard += 1
    const peer = this.#peers.find(from.address)
    if (peer === undefined || from.port === 0) return
    const length = this.#responder.respond(
      message,
      message.byteLength,
      peer,
      'udp',
      Date.now(),
      this.#out,
    )
    if (length === 0) return
    const bytes = Buffer.from(this.#out.subarray(0, length))
    // Sent in a row, when all that has come is answered, they find the askers awake, which costs the system less.
    if (this.#answers.push({ bytes, to: from }) === 1) setImmediate(this.#sendAll)
  }

  readonly #sendAll = (): void => {
    const answers = this.#answers
    this.#answers = []
    try {
      for (const { bytes, to } of answers) this.#send(bytes, to)
    } catch (error) {
      // Closed in between: whoever asked will ask another.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING') throw error
    }
  }

  #send(bytes: Uint8Array, { port, address }: RemoteInfo): void {
    this.#socket.send(bytes, 0, bytes.byteLength, port, address, () => {})
  }

  /** Over when what had come before the end is answered. */
  async rest(): Promise<void> {
    for (let turns = 0; turns < LAST_TURNS_MAX; turns += 1) {
      const before = this.#heard
      await turn()
      if (this.#heard === before) return
    }
  }
}

/** Addresses as bytes; the same resolvers ask again and again. */
class Peers {
  readonly #known = new Map<string, Uint8Array>()

  find(address: string): Uint8Array | undefined {
    const known = this.#known.get(address)
    if (known !== undefined) return known
    const parsed = parseIpAddress(address.split('%', 1)[0] ?? '')
    if (parsed === undefined) return undefined
    const peer = unmapped(parsed)
    if (this.#known.size === PEERS_MAX) this.#known.clear()
    this.#known.set(address, peer)
    return peer
  }
}

function enlarge(socket: Socket): void {
  try {
    socket.setRecvBufferSize(RECEIVE_BYTES)
  } catch {
    // The system allows less; it works with that.
  }
}
