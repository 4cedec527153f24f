/**
 * The monitor at work: looks at every mirror in every round, and, while it holds the lease, writes what it saw, judges,
 * warns, and announces releases. Without the lease it stands by. When the store is away it goes on looking and writes later (decision 9).
 */
import { type EpochMs, epochMs } from '#base/time.ts'
import type { Metric } from '#ports/metric.ts'
import { StoreError } from '#ports/store.ts'
import { Announcer } from './announcer.ts'
import { JudgeDesk } from './judge-desk.ts'
import { Lookout } from './lookout.ts'
import { networkMetrics } from './metrics.ts'
import { NameServerWatch } from './name-servers.ts'
import { NetworkNews } from './news.ts'
import type { MonitorWorld } from './options.ts'
import { WatchList } from './watch-list.ts'

export const MONITOR_LEASE = 'monitor'
const MINUTE_MS = 60_000
/** Whoever holds the lease renews it in every sitting; after three missed ones another takes over. */
const LEASE_MS = 3 * MINUTE_MS
const SITTING_EVERY_MS = MINUTE_MS
/** The registry is read again this often even when nobody says that it changed. */
const REGISTRY_FRESH_MS = 10 * MINUTE_MS
/** Between two sittings there is a minute; a longer or negative step was a clock put right, or a machine asleep. */
const CLOCK_STEP_MS = 5 * MINUTE_MS
/** While a release waits for its quorum, it is counted so often. Guess: nobody notices, and promise 6 is about seconds. */
const COUNT_EVERY_MS = 2_000
const WAKE = new Error('Something is due')

export class Monitor {
  readonly #world: MonitorWorld
  readonly #list: WatchList
  readonly #news: NetworkNews
  readonly #lookout: Lookout
  readonly #desk: JudgeDesk
  readonly #announcer: Announcer
  readonly #nameServers: NameServerWatch | undefined
  #leaseUntil: EpochMs = epochMs(0)
  #isLoaded = false
  #registryReadAt: EpochMs = epochMs(0)
  #storeAwaySince: EpochMs | undefined
  #satAt: EpochMs | undefined
  #wake = new AbortController()
  #isUrgent = false
  #isNewsOld = false
  #hasSeen = false
  #countedAt: EpochMs = epochMs(0)

  constructor(world: MonitorWorld) {
    this.#world = world
    this.#list = new WatchList(world)
    this.#news = new NetworkNews(world)
    this.#lookout = new Lookout(world, this.#list, this.#news, (isUrgent) => this.#seen(isUrgent))
    this.#desk = new JudgeDesk(world, this.#list)
    this.#announcer = new Announcer(world, this.#list, this.#news)
    const { nameServers, zone, clock } = world
    this.#nameServers = nameServers && new NameServerWatch(nameServers, zone, clock)
  }

  get looks(): number {
    return this.#lookout.looks
  }

  metrics(): readonly Metric[] {
    const { clock, health } = this.#world
    const { looks } = this.#lookout
    const observer = this.#lookout.observer()
    const facts = { newest: this.#news.newest, observer, holdsLease: this.holdsLease, looks }
    return networkMetrics(this.#list.watched(), facts, health, clock.now())
  }

  /** How many mirrors are watched. */
  get mirrors(): number {
    return this.#list.size
  }

  get holdsLease(): boolean {
    return this.#world.clock.now() < this.#leaseUntil
  }

  /** Runs until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.#wake.abort(WAKE)
    signal.addEventListener('abort', stop, { once: true })
    using _ = this.#world.store.watch((part) => {
      if (part === 'registry') this.#registryReadAt = epochMs(0)
      if (part === 'releases') this.#hear()
    })
    while (!signal.aborted) {
      this.#wake = new AbortController()
      if (this.#sitsAt <= this.#world.clock.now()) await this.#withStore(() => this.#sit(signal))
      if (this.#isUrgent) await this.#withStore(() => this.#write())
      if (this.#isNewsOld) await this.#withStore(() => this.#readNews())
      if (this.#countsAt <= this.#world.clock.now()) await this.#withStore(() => this.#count())
      if (this.#isLoaded) this.#lookout.start(signal)
      await this.#pause()
    }
    signal.removeEventListener('abort', stop)
    await this.#lookout.rest()
    await this.#nameServers?.rest()
    await this.#withStore(async () => {
      await this.#write()
      await this.#world.store.jobs.endLease(MONITOR_LEASE, this.#world.self)
    })
  }

  /** When the next sitting is; now, after a step of the clock. */
  get #sitsAt(): EpochMs {
    const now = this.#world.clock.now()
    const satAt = this.#satAt
    if (satAt === undefined || now < satAt) return now
    return epochMs(satAt + SITTING_EVERY_MS)
  }

  async #sit(signal: AbortSignal): Promise<void> {
    const { store, clock, self } = this.#world
    const now = clock.now()
    const step = this.#satAt === undefined ? 0 : now - this.#satAt
    this.#satAt = now
    if (step < 0 || step > CLOCK_STEP_MS) this.#lookout.spread()
    const held = this.holdsLease
    const lease = await store.jobs.lease(MONITOR_LEASE, self, LEASE_MS, now)
    if (lease === undefined) {
      this.#isLoaded = false
      this.#leaseUntil = epochMs(0)
      return
    }
    this.#leaseUntil = lease.until
    await this.#readNews()
    await this.#read(held && this.#isLoaded, now)
    await this.#write()
    await this.#count()
    const observer = this.#lookout.observer()
    const others = [...this.#announcer.problems(), ...(this.#nameServers?.problems(observer) ?? [])]
    await this.#desk.sit({ newest: this.#news.newest, observer }, others)
    this.#nameServers?.start(signal)
  }

  /** The registry, when it changed; all of it when somebody else may have watched meanwhile. */
  async #read(wasOurs: boolean, now: EpochMs): Promise<void> {
    if (wasOurs && now - this.#registryReadAt < REGISTRY_FRESH_MS) return
    this.#registryReadAt = now
    if (wasOurs) await this.#list.reloadRecords()
    else await this.#list.load()
    this.#isLoaded = true
    this.#lookout.plan()
  }

  /** A commit is heard of at once: mirrors that should have it now are looked at soon. */
  #hear(): void {
    if (!this.#isLoaded) return
    this.#isNewsOld = true
    this.#wake.abort(WAKE)
  }

  async #readNews(): Promise<void> {
    const before = this.#news.newest?.serial
    await this.#news.refresh()
    this.#isNewsOld = false
    if (this.#isLoaded && this.#news.newest?.serial !== before) this.#lookout.hurry()
  }

  /** When mirrors with the newest release are counted next: something new was seen of them. */
  get #countsAt(): number {
    if (!this.#hasSeen || !this.holdsLease || !this.#announcer.isWaiting) {
      return Number.POSITIVE_INFINITY
    }
    return this.#countedAt + COUNT_EVERY_MS
  }

  async #count(): Promise<void> {
    this.#hasSeen = false
    this.#countedAt = this.#world.clock.now()
    await this.#announcer.decide(this.#lookout.observer())
  }

  async #write(): Promise<void> {
    if (this.holdsLease && this.#list.isDirty) await this.#list.flush()
    this.#isUrgent = false
  }

  #seen(isUrgent: boolean): void {
    // Others are told at once when an address comes or goes, and in the next sitting of the rest.
    this.#isUrgent ||= isUrgent
    this.#hasSeen = true
    this.#wake.abort(WAKE)
  }

  /** A store that is away is told once, and again when it is back. */
  async #withStore(work: () => Promise<void>): Promise<void> {
    const { clock, onEvent } = this.#world
    try {
      await work()
      if (this.#storeAwaySince !== undefined) onEvent('the store is back')
      this.#storeAwaySince = undefined
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (error.code !== 'away') onEvent(`what was decided could not be kept: ${error.message}`)
      else if (this.#storeAwaySince === undefined) {
        onEvent(`the store is away, looking goes on: ${error.message}`)
      }
      this.#storeAwaySince ??= clock.now()
    }
  }

  /** Until something is due or a look ends. */
  async #pause(): Promise<void> {
    const { clock } = this.#world
    const looks = this.#isLoaded ? this.#lookout.nextAt : undefined
    const at = Math.min(this.#sitsAt, this.#countsAt, looks ?? Number.POSITIVE_INFINITY)
    await clock.sleep(Math.max(0, at - clock.now()), this.#wake.signal).catch(() => {})
  }
}
