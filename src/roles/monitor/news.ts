import type { Serial } from '#base/names.ts'
import { type EpochMs, toMs } from '#base/time.ts'
import type { Waiting } from '#core/announce/index.ts'
import type { Issued } from '#core/health/index.ts'
import type { Release } from '#core/release/index.ts'
import type { Reference, References } from '#ports/mirror-check.ts'
import type { Store } from '#ports/store.ts'
import type { MonitorWorld } from './options.ts'

/** A mirror a few releases late is still judged by what its release should have. */
const RELEASES_KNOWN = 20

/** What the network issued, as far as the store could be read lately. */
export class NetworkNews {
  readonly #store: Store
  readonly #ownCopy: MonitorWorld['ownCopy']
  #newest: Issued | undefined
  #publishedAt: EpochMs | undefined
  #announced: Serial | undefined
  #releases: ReadonlyMap<Serial, Release> = new Map()

  constructor({ store, ownCopy }: Pick<MonitorWorld, 'store' | 'ownCopy'>) {
    this.#store = store
    this.#ownCopy = ownCopy
  }

  get newest(): Issued | undefined {
    return this.#newest
  }

  /** The newest release, and what clients are told of. */
  get waiting(): Waiting | undefined {
    if (this.#newest === undefined || this.#publishedAt === undefined) return undefined
    return { serial: this.#newest.serial, since: this.#publishedAt, announced: this.#announced }
  }

  readonly references: References = (serial): Reference | undefined => {
    const release = this.#releases.get(serial)
    if (release === undefined) return undefined
    const read = this.#ownCopy?.(serial)
    return read === undefined ? { release } : { release, read }
  }

  async refresh(): Promise<void> {
    const head = await this.#store.releases.head()
    if (head === undefined) return
    const { release, generation, committedAt } = head
    if (this.#newest?.serial !== release.serial) {
      const history = await this.#store.releases.history(RELEASES_KNOWN)
      this.#releases = new Map(history.map((one) => [one.release.serial, one.release]))
    }
    this.#announced = (await this.#store.releases.announced())?.serial
    this.#publishedAt = toMs(release.publishedAt)
    this.#newest = { serial: release.serial, generation, stampedAt: committedAt }
  }
}
