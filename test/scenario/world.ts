import { MemoryState, MemoryStore } from '#adapters/memory/index.ts'
import { type EpochMs, epochMs } from '#base/time.ts'
import { HEALTH_POLICY, type HealthPolicy } from '#core/health/index.ts'
import { downtimeAt, type MirrorRecord } from '#core/mirrors/index.ts'
import { NOTICE_POLICY } from '#core/notices/index.ts'
import { type ZoneSnapshot, ZoneView } from '#core/zone/index.ts'
import type { Store } from '#ports/store.ts'
import { StoreFeed } from '#roles/dns/index.ts'
import { Monitor, Postman } from '#roles/monitor/index.ts'
import { dice, MachineClock, SimClock, SimMailer, SimMaster, SimNetwork } from '#sim/index.ts'
import { aMirror } from '../support/mirrors.ts'
import { Masters } from './masters.ts'

export const ZONE = 'clamav.test'

/** A whole network in one process and on one clock: simulated mirrors and masters, the real monitor and postman. */
export class World implements AsyncDisposable {
  readonly clock: SimClock
  /** The monitor's own, which may be wrong. */
  readonly monitorClock: MachineClock
  readonly network: SimNetwork
  readonly master: SimMaster
  readonly mailer = new SimMailer()
  readonly events: string[] = []
  readonly store: Store
  readonly #state = new MemoryState()
  readonly #start: EpochMs
  readonly #draw: () => number
  readonly #policy: HealthPolicy
  readonly #stop = new AbortController()
  readonly #running: Promise<void>[] = []
  #masters: Masters | undefined
  #feed: StoreFeed | undefined
  #monitorStop = new AbortController()
  #monitorRuns: Promise<void> = Promise.resolve()

  constructor(start: EpochMs, seed: number, policy: Partial<HealthPolicy> = {}) {
    this.#start = start
    this.#draw = dice(seed)
    this.#policy = { ...HEALTH_POLICY, ...policy }
    this.store = new MemoryStore(this.#state)
    this.clock = new SimClock(start)
    this.monitorClock = new MachineClock(this.clock)
    this.network = new SimNetwork(this.clock, this.monitorClock)
    this.master = new SimMaster({
      name: 'rsync1',
      store: this.store,
      network: this.network,
      clock: this.clock,
      draw: this.#draw,
    })
  }

  set isStoreAway(isAway: boolean) {
    this.#state.isAway = isAway
  }

  /** With `areMastersReal` there are two of them, `rsync1` and `rsync2`, in place of the simulated one. */
  async open(mirrors: number, areMastersReal = false): Promise<void> {
    for (let number = 1; number <= mirrors; number += 1) {
      const record = aMirror(`mirror${number}`, {
        addresses: [`192.0.2.${number}`, ...(number % 5 === 0 ? [`2001:db8::${number}`] : [])],
        stageSince: this.#start,
      })
      await this.store.registry.mirrors.put(record.name, record, undefined)
      this.network.add(record.name)
    }
    if (areMastersReal) this.#masters = await this.#openMasters()
    else await this.master.release()
    this.startMonitor()
    const postman = new Postman({
      self: 'monitor1',
      zone: ZONE,
      store: this.store,
      mailer: this.mailer,
      clock: this.monitorClock,
      lists: { virusdb: 'virusdb@lists', mirrors: 'mirrors@lists', team: 'team@lists' },
      onEvent: (line) => this.#hear(line),
    })
    this.#running.push(postman.run(this.#stop.signal))
    if (!areMastersReal) this.#running.push(this.master.run(this.#stop.signal))
  }

  async #openMasters(): Promise<Masters> {
    const { store, network, clock } = this
    const onEvent = (line: string) => this.#hear(line)
    const world = { zone: ZONE, store, network, clock, draw: this.#draw, onEvent }
    const masters = await Masters.open(world)
    await masters.release(['rsync1'])
    return masters
  }

  get masters(): Masters {
    if (this.#masters === undefined)
      throw new Error('Cannot ask masters: "set masters real" is missing')
    return this.#masters
  }

  startMonitor(): void {
    this.#monitorStop = new AbortController()
    const monitor = new Monitor({
      self: 'monitor1',
      zone: ZONE,
      store: this.store,
      check: this.network,
      clock: this.monitorClock,
      draw: this.#draw,
      health: this.#policy,
      notices: NOTICE_POLICY,
      looksAtOnce: 8,
      hostsOf: ({ name }) => [`database.${ZONE}`, `${name}.${ZONE}`],
      checkOwnLine: () => Promise.resolve(undefined),
      onEvent: (line) => this.#hear(line),
    })
    this.#monitorRuns = monitor.run(this.#monitorStop.signal)
  }

  async stopMonitor(): Promise<void> {
    this.#monitorStop.abort(new Error('stop'))
    await this.#monitorRuns
  }

  async turnTo(ms: number): Promise<void> {
    // What real masters write to disk takes a moment of the story's time.
    await this.#masters?.turnTo(this.at(ms))
    if (this.clock.now() < this.at(ms)) await this.clock.turnTo(this.at(ms))
  }

  at(ms: number): EpochMs {
    return epochMs(this.#start + ms)
  }

  async record(name: string): Promise<MirrorRecord> {
    const stored = await this.store.registry.mirrors.get(name)
    if (stored === undefined) throw new Error(`Cannot find "${name}"`)
    return stored.value
  }

  async change(name: string, more: Partial<MirrorRecord>): Promise<void> {
    const stored = await this.store.registry.mirrors.get(name)
    if (stored === undefined) throw new Error(`Cannot find "${name}"`)
    const { mirrors } = this.store.registry
    const written = await mirrors.put(name, { ...stored.value, ...more }, stored.revision)
    if (!written.ok) throw new Error(`Cannot change "${name}": ${written.fault.kind}`)
  }

  /** Addresses that clients are sent to. */
  async answers(): Promise<readonly string[]> {
    const healths = new Map(
      (await this.store.registry.health.list()).map(({ name, value }) => [name, value]),
    )
    return (await this.store.registry.mirrors.list())
      .filter(({ value }) => value.stage === 'listed' || value.stage === 'old')
      .filter(({ value }) => downtimeAt(value.downtimes, this.clock.now()) === undefined)
      .flatMap(({ name }) => healths.get(name)?.addresses ?? [])
      .filter(({ isUp }) => isUp)
      .map(({ address }) => address)
  }

  /** From now on a name server follows the store. */
  followZone(): void {
    this.#feed = new StoreFeed({
      store: this.store,
      facts: {
        zone: ZONE,
        nameServers: [{ name: 'ns1', addresses: [Uint8Array.of(192, 0, 2, 253)] }],
        masters: [],
        engine: { newestClamav: '1.4.6', versionWarning: 0, level: 90, safebrowsing: undefined },
      },
      clock: this.clock,
      onEvent: (line) => this.#hear(`dns: ${line}`),
    })
  }

  /** What it was given last. */
  get zone(): ZoneSnapshot {
    const snapshot = this.#feed?.current()
    if (snapshot === undefined) throw new Error('Cannot answer: nothing was ever read')
    return snapshot
  }

  /** The mirrors that it answers over IPv4, and how good they are. */
  pool() {
    const { tier, members } = new ZoneView(this.zone).pool(4)
    return { tier, names: members.map(({ mirror }) => mirror.name) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The story is over'))
    await this.stopMonitor()
    await this.#masters?.[Symbol.asyncDispose]()
    await this.#feed?.[Symbol.asyncDispose]()
    await Promise.all(this.#running)
  }

  #hear(line: string): void {
    this.events.push(`${((this.clock.now() - this.#start) / 3_600_000).toFixed(2)}h ${line}`)
  }
}
