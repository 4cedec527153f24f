import { toSeconds } from '#base/time.ts'
import type { Release } from '#core/release/index.ts'
import type { Clock } from '#ports/clock.ts'
import { type Store, StoreError } from '#ports/store.ts'
import type { SimNetwork } from './network.ts'

const HOUR_MS = 3_600_000
/** The forced update (R103, R110). */
const STAMP_EVERY_MS = 6 * HOUR_MS
const JITTER_MS = HOUR_MS / 2

export interface SimMasterWorld {
  readonly name: string
  readonly store: Store
  readonly network: SimNetwork
  readonly clock: Clock
  readonly draw: () => number
}

/** A master as mirrors and monitor meet it: numbers from the store, then a push to everybody. */
export class SimMaster {
  readonly #world: SimMasterWorld
  isStopped = false

  constructor(world: SimMasterWorld) {
    this.#world = world
  }

  /** Issues a timestamp every six hours until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, draw } = this.#world
    while (!signal.aborted) {
      await clock.sleep(STAMP_EVERY_MS - JITTER_MS + 2 * JITTER_MS * draw(), signal).catch(() => {})
      if (!signal.aborted && !this.isStopped) await this.stamp()
    }
  }

  /** A fresh timestamp for what is published; nothing where the store is away (decision 9). */
  async stamp(): Promise<void> {
    await this.#publish('stamp')
  }

  /** A new release. */
  async release(): Promise<void> {
    await this.#publish('release')
  }

  async #publish(what: 'stamp' | 'release'): Promise<void> {
    const { store, network, clock, name } = this.#world
    try {
      const head = await store.releases.head()
      const now = clock.now()
      const release: Release =
        what === 'stamp' && head !== undefined
          ? head.release
          : {
              serial: await store.releases.reserveSerial(),
              publishedAt: toSeconds(now),
              files: new Map(),
            }
      const generation = await store.releases.reserveGeneration()
      const committed = { release, generation, master: name, committedAt: now }
      const done = await store.releases.commit(committed, head?.generation)
      if (done.ok) network.push({ serial: release.serial, generation, stampedAt: now })
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
    }
  }
}
