import {
  addCounters,
  type DnsTcpServer,
  newCounters,
  Responder,
  type ResponderSetup,
  startDgramServer,
  startDnsServer,
  startTcpServer,
  ZoneTransfers,
} from '#adapters/dns/index.ts'
import type { ZoneKey } from '#core/dnssec/index.ts'
import type { RangeTable } from '#core/places/index.ts'
import type { ZoneSnapshot } from '#core/zone/index.ts'
import { type DnsCounters, type DnsServer, DnsServerError } from '#ports/dns-server.ts'
import type { DnsOptions } from './options.ts'

/** Where the system chose the port for UDP, TCP may find it taken; then another is tried. */
const PORT_TRIES = 20
/** A server that breaks again and again is given up after so many. */
const RESTARTS_MAX = 10

export interface Listener {
  readonly host: string
  readonly port: number
  readonly sockets: DnsServer['kind']
}

/** UDP and TCP on every address of a node, all answering from the same. */
export class Listeners implements AsyncDisposable {
  readonly #options: DnsOptions
  readonly #responder: Responder
  readonly #transfers: ZoneTransfers
  #setup: ResponderSetup
  #udp: DnsServer[] = []
  #tcp: DnsTcpServer[] = []
  #restarts = 0
  #stopping = false

  private constructor(options: DnsOptions, setup: ResponderSetup) {
    this.#options = options
    this.#setup = setup
    this.#responder = new Responder(setup)
    this.#transfers = new ZoneTransfers(setup.snapshot, setup.tsigKeys)
  }

  static async start(options: DnsOptions, setup: ResponderSetup): Promise<Listeners> {
    const listeners = new Listeners(options, setup)
    try {
      await listeners.#start()
      return listeners
    } catch (error) {
      await listeners[Symbol.asyncDispose]()
      throw error
    }
  }

  get all(): readonly Listener[] {
    return this.#udp.map(({ host, port, kind }) => ({ host, port, sockets: kind }))
  }

  answerFrom(snapshot: ZoneSnapshot): void {
    this.#setup = { ...this.#setup, snapshot }
    this.#responder.answerFrom(snapshot)
    this.#transfers.transferFrom(snapshot)
    for (const server of this.#udp) server.answerFrom(snapshot)
  }

  signWith(keys: readonly ZoneKey[]): void {
    const { dnssec } = this.#setup
    if (dnssec === undefined) return
    this.#setup = { ...this.#setup, dnssec: { ...dnssec, keys } }
    this.#responder.signWith(keys)
    for (const server of this.#udp) server.signWith(keys)
  }

  placeBy(places: RangeTable): void {
    const { overrides } = this.#setup
    this.#setup = { ...this.#setup, places }
    this.#responder.placeBy(places, overrides)
    for (const server of this.#udp) server.placeBy(places, overrides)
  }

  /** UDP and TCP together. */
  async counters(): Promise<DnsCounters> {
    const now = this.#options.clock.now()
    const all = await Promise.all(this.#udp.map((server) => server.counters()))
    return all.reduce(addCounters, addCounters(newCounters(), this.#responder.countersAt(now)))
  }

  async #start(): Promise<void> {
    const [first, ...others] = this.#options.hosts
    if (first === undefined) return
    const port = await this.#startFirst(first)
    for (const host of others) await this.#startOn(host, port)
  }

  async #startFirst(host: string): Promise<number> {
    const { port } = this.#options
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#startOn(host, port)
      } catch (error) {
        const another = port === 0 && error instanceof DnsServerError && attempt < PORT_TRIES
        if (!another) throw error
        await this.#stop()
      }
    }
  }

  async #startOn(host: string, port: number): Promise<number> {
    const udp = await this.#startUdp(host, port)
    this.#udp.push(udp)
    const listen = { host, port: udp.port, sharePort: this.#options.sharePort }
    this.#tcp.push(await startTcpServer(listen, this.#responder, this.#transfers))
    return udp.port
  }

  async #startUdp(host: string, port: number): Promise<DnsServer> {
    const listen = { host, port, sharePort: this.#options.sharePort }
    if (this.#options.sockets === 'dgram') return await startDgramServer(listen, this.#setup)
    return await startDnsServer(listen, this.#setup, (reason) => {
      this.#startAgain(host, reason).catch((error: unknown) => {
        const words = error instanceof Error ? error.message : String(error)
        this.#options.onEvent(`ALARM: ${host} answers no more over UDP: ${words}`)
      })
    })
  }

  /** The thread of a server died. Its place is taken at once. */
  async #startAgain(host: string, reason: string): Promise<void> {
    const dead = this.#udp.find((server) => server.host === host)
    if (this.#stopping || dead === undefined) return
    this.#restarts += 1
    this.#options.onEvent(`the server of ${host} broke (${reason}) and is started again`)
    this.#udp = this.#udp.filter((server) => server !== dead)
    await dead[Symbol.asyncDispose]()
    if (this.#restarts > RESTARTS_MAX) throw new DnsServerError('broken', `keep ${host} running`)
    this.#udp.push(await this.#startUdp(host, dead.port))
  }

  async #stop(): Promise<void> {
    const servers = [...this.#udp, ...this.#tcp]
    this.#udp = []
    this.#tcp = []
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true
    await this.#stop()
  }
}
