import type { PublishedTree, ReleaseFolder } from '#adapters/disk/index.ts'
import { type Generation, type Serial, serial } from '#base/names.ts'
import { toSeconds } from '#base/time.ts'
import { describeBehind, mayFollow } from '#core/peering/index.ts'
import type { Release } from '#core/release/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Journal, JournalEntry } from '#ports/journal.ts'
import { type Head, type Store, StoreError } from '#ports/store.ts'
import type { CaughtUp } from './peering.ts'
import { holdReleaseLease } from './release-lease.ts'

export interface PublisherOptions {
  readonly self: string
  readonly releases: ReleaseFolder
  readonly store: Pick<Store, 'releases' | 'jobs'>
  readonly journal: Journal
  readonly pointers: (
    release: Release,
    generation: Generation,
  ) => Promise<ReadonlyMap<string, string>>
  readonly clock: Clock
  readonly patienceMs: number
  /** Takes over what another master made public. Absent where there is no other. */
  readonly catchUp?: () => Promise<CaughtUp>
}

export class PublishError extends Error {
  override readonly name = 'PublishError'
  readonly code: 'behind' | 'overtaken'

  constructor(code: PublishError['code'], reason: string) {
    super(`Cannot publish: ${reason}`)
    this.code = code
  }
}

/**
 * What is public on this master, kept in step with the head in the store (docs/adr/0009): numbers from the store, the
 * tree on disk, the commit in the store, the switch on disk, in this order. A crash in between is ended by `settle`.
 */
export class Publisher {
  readonly #options: PublisherOptions
  /** Generation of the head that what is published next is made from. */
  #over: Generation | undefined
  #isHeadLost = false
  /** A newer state that another master has and that could not be had. */
  #behind: Extract<CaughtUp, { kind: 'behind' }> | undefined

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  get published(): PublishedTree | undefined {
    return this.#options.releases.published
  }

  /** Runs `work` while no other master publishes, and what is public here is what is committed. */
  async alone<T>(
    work: () => Promise<T>,
    say: (line: string) => void,
    signal: AbortSignal,
  ): Promise<T> {
    const { self, store, clock, patienceMs } = this.#options
    await using _ = await holdReleaseLease(
      { self, jobs: store.jobs, clock, patienceMs },
      say,
      signal,
    )
    await this.#agree()
    return await work()
  }

  /** Ends what a crash, or a store that went away in the middle, left open. Throws `StoreError` when it is away. */
  async settle(): Promise<void> {
    const { self, releases, store } = this.#options
    const head = await store.releases.head()
    await releases.settle(head?.master === self ? head.generation : undefined)
  }

  /** Makes public what another master published. Resolves to true when it is, and was not before. */
  async catchUp(): Promise<boolean> {
    await this.settle()
    const caught = await this.#options.catchUp?.()
    return caught?.kind === 'adopted'
  }

  async nextSerial(): Promise<Serial> {
    return await this.#options.store.releases.reserveSerial(this.published?.release.serial)
  }

  /** Inside of `alone`. `entry` is written with the commit. */
  async publish(
    release: Release,
    incoming: ReadonlyMap<string, string>,
    entry?: JournalEntry,
  ): Promise<Generation> {
    const { self, releases, store, pointers, clock } = this.#options
    this.#refuseToTakeBack(release)
    const number = await store.releases.reserveGeneration(this.published?.generation)
    const publication = {
      release,
      generation: number,
      pointers: await pointers(release, number),
      now: clock.now(),
    }
    const head = { release, generation: number, master: self, committedAt: clock.now() }
    await releases.publish(publication, incoming, () => this.#commit(head, entry))
    this.#over = number
    this.#isHeadLost = false
    return number
  }

  /**
   * New pointers for the release that is public: freshness without content (decision 8). Where a newer release was
   * committed and is lost, the old content comes under a number of its own, since a serial never goes down.
   */
  async renew(): Promise<void> {
    const release = this.published?.release
    if (release === undefined) return
    if (this.#behind !== undefined) throw behind(this.#behind)
    const number = this.#isHeadLost ? await this.nextSerial() : release.serial
    await this.publish({ ...release, serial: number }, new Map())
  }

  /** An empty release 0, so that mirrors can join a new network before its first database. Inside of `alone`. */
  async publishFirst(): Promise<void> {
    const first = serial(0)
    if (this.published !== undefined || first === undefined) return
    const publishedAt = toSeconds(this.#options.clock.now())
    await this.publish({ serial: first, publishedAt, files: new Map() }, new Map())
  }

  /** What is public here and the head are one state, or this master says why it cannot publish. */
  async #agree(): Promise<void> {
    const { self, store } = this.#options
    await this.settle()
    const head = await store.releases.head()
    this.#over = head?.generation
    const here = this.published
    this.#isHeadLost = false
    this.#behind = undefined
    if (here !== undefined && isBeyond(here, head)) return await this.#adopt(here)
    if (head === undefined || head.release.serial <= (here?.release.serial ?? -1)) return
    const caught = await this.#options.catchUp?.()
    if (caught?.kind === 'adopted' || caught?.kind === 'current') {
      this.#over = (await store.releases.head())?.generation
      return
    }
    if (head.master !== self) {
      this.#behind = caught ?? { kind: 'behind', head, reasons: [] }
      return
    }
    this.#isHeadLost = true
    await this.#record('lost-release', head, [
      'this master committed it, and its files are not on this disk',
      'the next release is made from what is here, with a higher number',
    ])
  }

  /** R105: what another master has and this one lacks is never replaced by something lower. */
  #refuseToTakeBack(release: Release): void {
    if (this.#behind === undefined) return
    const may = mayFollow(this.#behind.head, release)
    if (!may.ok) throw new PublishError('behind', describeBehind(may.fault))
  }

  /** A store that is new, or was restored from a backup, learns what is public. */
  async #adopt({ release, generation }: PublishedTree): Promise<void> {
    const { self, clock } = this.#options
    const head = { release, generation, master: self, committedAt: clock.now() }
    const why = ['it was public here, and the store did not know']
    const subject = `release ${release.serial}`
    await this.#commit(head, { at: clock.now(), who: self, what: 'adopted', subject, why })
    this.#over = generation
  }

  async #commit(head: Head, entry: JournalEntry | undefined): Promise<void> {
    const { store, self } = this.#options
    try {
      const outcome = await store.releases.commit(head, this.#over, entry)
      if (outcome.ok) return
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'away')) throw error
      // It may have happened. While nobody can say, the tree stays, and `settle` asks again.
      const now = await store.releases.head()
      if (now?.generation === head.generation && now.master === self) return
      throw error
    }
    throw new PublishError('overtaken', 'another master has published meanwhile')
  }

  async #record(what: string, head: Head, why: readonly string[]): Promise<void> {
    const { journal, self, clock } = this.#options
    const subject = `release ${head.release.serial}`
    await journal.append({ at: clock.now(), who: self, what, subject, why })
  }
}

function isBeyond(here: PublishedTree, head: Head | undefined): boolean {
  if (head === undefined) return true
  return here.generation > head.generation && here.release.serial >= head.release.serial
}

function behind({ head, reasons }: Extract<CaughtUp, { kind: 'behind' }>): PublishError {
  const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`
  const newest = `${head.master} has release ${head.release.serial}, which is not here yet${why}`
  return new PublishError('behind', newest)
}
