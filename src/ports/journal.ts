import type { EpochMs } from '#base/time.ts'

/** One change of state: when, who caused it, what happened to what, and why. */
export interface JournalEntry {
  readonly at: EpochMs
  /** A sigmaker, a master, a mirror, or `cvdnet` itself. */
  readonly who: string
  /** A verb in the past: `published`, `refused`, `pushed`, `synced`, `started`. */
  readonly what: string
  /** What it was done to: a release, a mirror, a database. */
  readonly subject: string
  /** The reasons, in words that an operator reads (promise 9). */
  readonly why: readonly string[]
}

/** Append-only record of what a node did. */
export interface Journal {
  append(entry: JournalEntry): Promise<void>
}
