import type { Serial } from '#base/names.ts'
import type { EpochMs } from '#base/time.ts'
import type { Release } from '#core/release/index.ts'
import type { Store } from '#ports/store.ts'

/** What is announced is the newest release or one of those just before it. Guess. */
const RELEASES_SEARCHED = 100

/** The release that clients are told of, whole. A release never changes, so each is looked for once. */
export class AnnouncedRelease {
  readonly #releases: Store['releases']
  #known: { readonly at: EpochMs; readonly release: Release } | undefined

  constructor({ releases }: Pick<Store, 'releases'>) {
    this.#releases = releases
  }

  /** One that is not found leaves what was announced before. Throws `StoreError`. */
  async read(): Promise<{ readonly at: EpochMs; readonly release: Release } | undefined> {
    const announced = await this.#releases.announced()
    if (announced === undefined) return undefined
    if (this.#known?.release.serial !== announced.serial) {
      const release = await this.#find(announced.serial)
      if (release !== undefined) this.#known = { at: announced.at, release }
    }
    return this.#known
  }

  async #find(serial: Serial): Promise<Release | undefined> {
    const head = await this.#releases.head()
    if (head?.release.serial === serial) return head.release
    const history = await this.#releases.history(RELEASES_SEARCHED)
    return history.find(({ release }) => release.serial === serial)?.release
  }
}
