import { AnnouncedRelease } from '#adapters/store/index.ts'
import {
  type KnownNetwork,
  type NotInZone,
  type ZoneFacts,
  type ZoneSnapshot,
  zoneOfNetwork,
} from '#core/zone/index.ts'
import type { Clock } from '#ports/clock.ts'
import { type Store, StoreError, type StorePart } from '#ports/store.ts'
import type { ZoneSource } from '#ports/zone-source.ts'
import { SharedSerials } from './shared-serials.ts'
import { ZoneFeed } from './sources.ts'

/** So often the store is read even when nobody says that it changed: downtimes begin, and what holds is said to hold. */
const CONFIRM_EVERY_MS = 60_000
/** Changes come in bursts, as when a monitor writes a round; so long they are waited for. */
const SETTLE_MS = 200
const PARTS: ReadonlySet<StorePart> = new Set(['registry', 'health', 'releases'])
const WAKE = new Error('The store changed')

const WHY = {
  'no-label': 'its name is no label of a host name',
  taken: 'something else has this name',
  'no-address': 'it has no address; [[dns.masters]] gives a master one',
  'too-many': 'there are too many mirrors',
} as const satisfies Record<NotInZone['why'], string>

export interface StoreFeedOptions {
  readonly store: Store
  readonly facts: ZoneFacts
  readonly clock: Clock
  readonly onEvent: (line: string) => void
}

/**
 * The zone as the store knows it, its serial agreed on with the other name servers. While the store is away nothing is
 * offered, so what was answered last stays.
 */
export class StoreFeed implements ZoneSource, AsyncDisposable {
  readonly #options: StoreFeedOptions
  readonly #feed = new ZoneFeed()
  readonly #stop = new AbortController()
  readonly #announced: AnnouncedRelease
  readonly #serials: SharedSerials
  readonly #running: Promise<void>
  #wake = new AbortController()
  #isAway = false
  #left = ''

  constructor(options: StoreFeedOptions) {
    this.#options = options
    this.#announced = new AnnouncedRelease(options.store)
    this.#serials = new SharedSerials(options.store, options.clock)
    this.#running = this.#run()
  }

  current(): ZoneSnapshot | undefined {
    return this.#feed.current()
  }

  changes(signal: AbortSignal): AsyncIterable<ZoneSnapshot> {
    return this.#feed.changes(signal)
  }

  async agreeOn(content: ZoneSnapshot, told: ZoneSnapshot | undefined): Promise<number> {
    return await this.#serials.agreeOn(content, told)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The name server is stopping'))
    this.#wake.abort(WAKE)
    await this.#running
  }

  async #run(): Promise<void> {
    const { store, clock } = this.#options
    const { signal } = this.#stop
    using _ = store.watch((part) => {
      if (PARTS.has(part)) this.#wake.abort(WAKE)
    })
    while (!signal.aborted) {
      this.#wake = new AbortController()
      await this.#offer()
      await clock.sleep(CONFIRM_EVERY_MS, this.#wake.signal).catch(() => {})
      if (!signal.aborted) await clock.sleep(SETTLE_MS, signal).catch(() => {})
    }
  }

  async #offer(): Promise<void> {
    const { facts, clock, onEvent } = this.#options
    try {
      const network = await this.#read()
      const { snapshot, left } = zoneOfNetwork(network, facts, clock.now())
      this.#feed.offer(snapshot)
      if (this.#isAway) onEvent('the store is back')
      this.#isAway = false
      this.#tell(left.map(({ name, why }) => `${name} is not in the zone: ${WHY[why]}`))
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (!this.#isAway) onEvent(`what was answered last stays: ${error.message}`)
      this.#isAway = true
    }
  }

  async #read(): Promise<KnownNetwork> {
    const { registry } = this.#options.store
    const announced = await this.#announced.read()
    const [mirrors, healths, masters] = await Promise.all([
      registry.mirrors.list(),
      registry.health.list(),
      registry.masters.list(),
    ])
    return {
      mirrors: mirrors.map(({ value }) => value),
      healths: new Map(healths.map(({ name, value }) => [name, value])),
      masters: masters.map(({ value }) => value),
      announced,
    }
  }

  #tell(lines: readonly string[]): void {
    const told = lines.join()
    if (told !== this.#left) for (const line of lines) this.#options.onEvent(line)
    this.#left = told
  }
}
