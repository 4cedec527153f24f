import type { Generation, Serial } from '#base/names.ts'
import type { Outcome } from '#base/outcome.ts'
import type { EpochMs } from '#base/time.ts'
import type { MirrorHealth } from '#core/health/types.ts'
import type { MasterRecord, MirrorRecord, SigmakerRecord } from '#core/mirrors/record.ts'
import type { Letter, OpenProblem } from '#core/notices/index.ts'
import type { Release } from '#core/release/release.ts'
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
  /** Called, soon and at most a second after, when anybody changed anything of that part. Dispose to stop. */
  watch(onChange: (part: StorePart) => void): Disposable
}

export type StorePart = 'registry' | 'health' | 'releases' | 'journal' | 'jobs' | 'notices'

export interface MirrorRegistry {
  readonly mirrors: Records<MirrorRecord>
  readonly sigmakers: Records<SigmakerRecord>
  readonly masters: Records<MasterRecord>
  /** By the mirror's name. Written in every round, so it wakes nobody but those who watch `health`. */
  readonly health: Records<MirrorHealth>
}

/** What is wrong now, and what was told to everybody. */
export interface Notices {
  /** By the problem's key. */
  readonly problems: Records<OpenProblem>
  /** By the letter's id: the newest, as the feed shows them. */
  readonly news: Records<Letter>
}

/** Grows with every write of that record. */
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

/** Named values of one kind. */
export interface Records<T> {
  /** By name, in order. */
  list(): Promise<readonly Stored<T>[]>
  get(name: string): Promise<Stored<T> | undefined>
  /** `over` is the revision that was read; undefined: there must be none yet. The entry is written with it or not at all. */
  put(
    name: string,
    value: T,
    over: Revision | undefined,
    entry?: JournalEntry,
  ): Promise<Outcome<Revision, WriteFault>>
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
  /** Numbers above all that were ever given out or committed; a number that is not used is lost, which is fine. */
  reserveSerial(): Promise<Serial>
  reserveGeneration(): Promise<Generation>
  /** Makes it the head. Refused when its generation is not above the head's, or its serial below. */
  commit(head: Head, entry?: JournalEntry): Promise<Outcome<void, CommitFault>>
  /** Newest first, one a serial. */
  history(limit: number): Promise<readonly Head[]>
  /** The release that clients are told of (decision 3); never lowered. */
  announced(): Promise<Announced | undefined>
  announce(serial: Serial, at: EpochMs, entry?: JournalEntry): Promise<Outcome<void, CommitFault>>
}

export interface Announced {
  readonly serial: Serial
  readonly at: EpochMs
}

export interface CommitFault {
  readonly kind: 'overtaken'
  readonly serial: Serial
  readonly generation: Generation
}

export interface JournalStore extends Journal {
  /** Newest first; `subject` narrows to one mirror, release or sigmaker. */
  read(query: {
    readonly limit: number
    readonly subject?: string
    readonly before?: EpochMs
  }): Promise<readonly JournalEntry[]>
}

export interface Lease {
  readonly name: string
  readonly holder: string
  readonly until: EpochMs
}

/** Work that must be done by one, and work that must not be forgotten. */
export interface Jobs {
  /** Takes or renews a lease. Undefined while another holds it. */
  lease(name: string, holder: string, ttlMs: number, now: EpochMs): Promise<Lease | undefined>
  endLease(name: string, holder: string): Promise<void>
  leases(): Promise<readonly Lease[]>
  /** `key` makes it once: a job of the same queue and key that still waits is replaced. */
  enqueue(job: NewJob): Promise<void>
  /** The first that is due, held for `ttlMs`; it comes back by itself if neither `done` nor `retry` follows. */
  take(queue: string, holder: string, ttlMs: number, now: EpochMs): Promise<Job | undefined>
  done(job: Job): Promise<void>
  retry(job: Job, dueAt: EpochMs, reason: string): Promise<void>
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

export type StoreErrorCode = 'away' | 'too-new' | 'damaged' | 'refused'

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}
