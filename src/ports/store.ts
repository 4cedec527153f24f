import type { Brand } from '#base/brand.ts'
import type { Generation, Serial } from '#base/names.ts'
import type { Outcome } from '#base/outcome.ts'
import type { EpochMs } from '#base/time.ts'
import type { MirrorHealth } from '#core/health/types.ts'
import type { MasterRecord, MirrorRecord, SigmakerRecord } from '#core/mirrors/record.ts'
import type { Letter, OpenProblem } from '#core/notices/index.ts'
import type { Release } from '#core/release/release.ts'
import type { ZoneSerials } from '#core/zone/serials.ts'
import type { Journal, JournalEntry } from './journal.ts'

/**
 * What the roles of one network share (decision 9): SQLite where they run on one machine, PostgreSQL where they do not,
 * memory in simulations. Times come in as arguments. Every method throws `StoreError` when the store is away.
 */
export interface Store extends AsyncDisposable {
  readonly registry: MirrorRegistry
  readonly releases: ReleaseStore
  readonly journal: JournalStore
  readonly jobs: Jobs
  readonly notices: Notices
  /** Which serial is whose content, by the zone's name: what its name servers agree on. */
  readonly serials: Records<ZoneSerials>
  /**
   * Called, soon and at most a second after, when anybody changed anything of that part; now and then also when nobody
   * did, as at the start or when the store was away. Dispose to stop.
   */
  watch(onChange: (part: StorePart) => void): Disposable
}

export const STORE_PARTS = [
  'registry',
  'health',
  'releases',
  'journal',
  'jobs',
  'notices',
  'serials',
] as const
export type StorePart = (typeof STORE_PARTS)[number]

export interface MirrorRegistry {
  readonly mirrors: Records<MirrorRecord>
  readonly sigmakers: Records<SigmakerRecord>
  readonly masters: Records<MasterRecord>
  /** By the mirror's name. Written in every round, so it wakes nobody but those who watch `health`. */
  readonly health: Records<MirrorHealth>
}

/** What is wrong now, and what was told to everybody. */
export interface Notices {
  /** Each by its `problemId`. */
  readonly problems: Records<OpenProblem>
  /** By the letter's id: the newest, as the feed shows them. */
  readonly news: Records<Letter>
}

/** Grows with every write, and is never given twice to one name, not even after it was removed. */
export type Revision = number

export interface Stored<T> {
  readonly name: string
  readonly value: T
  readonly revision: Revision
}

export type WriteFault =
  | { readonly kind: 'exists' }
  | { readonly kind: 'absent' }
  /** Somebody else wrote since it was read: read again, decide again. */
  | { readonly kind: 'changed-meanwhile'; readonly revision: Revision }

/** One value to be written over what was read. */
export interface Write<T> {
  readonly name: string
  readonly value: T
  /** The revision that was read; undefined: there must be none yet. */
  readonly over: Revision | undefined
  /** Written with the value or not at all. */
  readonly entry?: JournalEntry
}

/** Named values of one kind. */
export interface Records<T> {
  /** By name, in the order of their code units. */
  list(): Promise<readonly Stored<T>[]>
  get(name: string): Promise<Stored<T> | undefined>
  put(
    name: string,
    value: T,
    over: Revision | undefined,
    entry?: JournalEntry,
  ): Promise<Outcome<Revision, WriteFault>>
  /** Many at once, each judged by its own revision; one outcome a write, in order. Names must differ. */
  putAll(writes: readonly Write<T>[]): Promise<readonly Outcome<Revision, WriteFault>[]>
  remove(name: string, over: Revision, entry?: JournalEntry): Promise<Outcome<void, WriteFault>>
}

/** The newest state that any master made public. */
export interface Head {
  readonly release: Release
  readonly generation: Generation
  /** The master that has it for certain. */
  readonly master: string
  readonly committedAt: EpochMs
}

/** Serials and generations come from one place and never meet (R105–R106). */
export interface ReleaseStore {
  head(): Promise<Head | undefined>
  /**
   * Numbers above all that were ever given out or committed, and above `above`, the highest that the caller knows: a
   * store that was restored from a backup may have forgotten some. One that is not used is lost, which is fine.
   */
  reserveSerial(above?: Serial): Promise<Serial>
  reserveGeneration(above?: Generation): Promise<Generation>
  /**
   * Makes it the head. `over` is the generation of the head that it was made from, undefined when there was none.
   * Refused when another one is the head by now, or when its generation is not above, or its serial below.
   */
  commit(
    head: Head,
    over: Generation | undefined,
    entry?: JournalEntry,
  ): Promise<Outcome<void, CommitFault>>
  /** Newest first, one a serial. */
  history(limit: number): Promise<readonly Head[]>
  /** The release that clients are told of (decision 3); never lowered. */
  announced(): Promise<Announced | undefined>
  announce(serial: Serial, at: EpochMs, entry?: JournalEntry): Promise<Outcome<void, AnnounceFault>>
}

export interface Announced {
  readonly serial: Serial
  readonly at: EpochMs
}

/** What the head is now; undefined when there is none. */
export interface CommitFault {
  readonly kind: 'overtaken'
  readonly serial: Serial | undefined
  readonly generation: Generation | undefined
}

export type AnnounceFault =
  | { readonly kind: 'overtaken'; readonly serial: Serial }
  /** No master ever committed it. */
  | { readonly kind: 'unknown-release' }

/** Grows from entry to entry. */
export type EntryId = Brand<number, 'EntryId'>

export interface StoredEntry extends JournalEntry {
  readonly id: EntryId
}

export interface JournalStore extends Journal {
  /** All of them or none, in order. */
  appendAll(entries: readonly JournalEntry[]): Promise<void>
  /** Newest first; `subject` narrows to one mirror, release or sigmaker; `before` goes on where a page ended. */
  read(query: {
    readonly limit: number
    readonly subject?: string
    readonly before?: EntryId
  }): Promise<readonly StoredEntry[]>
  /** Removes the oldest entries of before `before` whose `what` is one of these, `limit` at most. Returns how many. */
  prune(query: {
    readonly before: EpochMs
    readonly whats: readonly string[]
    readonly limit: number
  }): Promise<number>
}

export interface Lease {
  readonly name: string
  readonly holder: string
  readonly until: EpochMs
}

/** Work that must be done by one, and work that must not be forgotten. */
export interface Jobs {
  /**
   * Takes or renews a lease. Undefined while another holds it. Renewing never shortens it: a holder whose clock went
   * back keeps what he had. It proves nothing about a holder who stood still meanwhile; what must not happen twice is
   * refused where it is written (`commit`).
   */
  lease(name: string, holder: string, ttlMs: number, now: EpochMs): Promise<Lease | undefined>
  endLease(name: string, holder: string): Promise<void>
  leases(): Promise<readonly Lease[]>
  /**
   * `key` makes it once: a job of the same queue and key that nobody took yet is replaced. One that somebody works on
   * stays his, and if he fails, the newer one is what remains.
   */
  enqueue(job: NewJob): Promise<void>
  /** The first that is due, held for `ttlMs`; it comes back by itself if neither `done` nor `retry` follows. */
  take(queue: string, holder: string, ttlMs: number, now: EpochMs): Promise<Job | undefined>
  done(job: Job): Promise<void>
  /** Does nothing when the hold was over and somebody else took it. */
  retry(job: Job, dueAt: EpochMs, reason: string): Promise<void>
  /** Those that nobody holds, the first due first. */
  waiting(queue: string): Promise<readonly Job[]>
}

export interface NewJob {
  readonly queue: string
  readonly key: string
  readonly dueAt: EpochMs
  /** JSON text. */
  readonly body: string
}

export interface Job extends NewJob {
  readonly id: number
  /** Times it was taken before. */
  readonly attempts: number
  readonly lastReason: string | undefined
}

/**
 * - `away`: it cannot be reached now; a write may or may not have happened, so read again.
 * - `too-new`: a newer program has changed its schema. - `damaged`: what it holds cannot be read, with its name.
 * - `refused`: the value, or the login to the store, is not acceptable.
 */
export type StoreErrorCode = 'away' | 'too-new' | 'damaged' | 'refused'

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}
