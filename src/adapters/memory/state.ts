import type { Serial } from '#base/names.ts'
import type { MirrorHealth } from '#core/health/index.ts'
import type { MasterRecord, MirrorRecord, SigmakerRecord } from '#core/mirrors/index.ts'
import type { Letter, OpenProblem } from '#core/notices/index.ts'
import type { ZoneSerials } from '#core/zone/index.ts'
import type { JournalEntry } from '#ports/journal.ts'
import {
  type Announced,
  type EntryId,
  type Head,
  type Job,
  type JournalStore,
  type Lease,
  type StoredEntry,
  StoreError,
  type StorePart,
} from '#ports/store.ts'

export interface HeldJob {
  readonly job: Job
  readonly hold: { readonly holder: string; readonly until: number } | undefined
}

export interface Kept<T> {
  readonly value: T
  readonly revision: number
}

type PruneQuery = Parameters<JournalStore['prune']>[0]

/** What the handles of one store in memory share. Nothing here waits, so each change is whole by itself. */
export class MemoryState {
  readonly mirrors = new Map<string, Kept<MirrorRecord>>()
  readonly sigmakers = new Map<string, Kept<SigmakerRecord>>()
  readonly masters = new Map<string, Kept<MasterRecord>>()
  readonly health = new Map<string, Kept<MirrorHealth>>()
  readonly problems = new Map<string, Kept<OpenProblem>>()
  readonly serials = new Map<string, Kept<ZoneSerials>>()
  readonly news = new Map<string, Kept<Letter>>()
  readonly heads = new Map<Serial, Head>()
  readonly leases = new Map<string, Lease>()
  readonly counters = { revision: 0, serial: 0, generation: 0, job: 0, entry: 0 }
  announced: Announced | undefined
  jobs: readonly HeldJob[] = []
  entries: StoredEntry[] = []
  /** Simulations take it away and bring it back. */
  #isAway = false
  readonly #listeners = new Set<(part: StorePart) => void>()

  set isAway(isAway: boolean) {
    this.#isAway = isAway
  }

  /** At the start of every use. */
  check(): void {
    if (this.#isAway) throw new StoreError('away', 'use the store: it is away')
  }

  append(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      this.counters.entry += 1
      this.entries.push({ ...entry, id: this.counters.entry as EntryId })
    }
    if (entries.length > 0) this.tell('journal')
  }

  prune({ before, whats, limit }: PruneQuery): number {
    const isOld = (entry: JournalEntry) => entry.at < before && whats.includes(entry.what)
    const gone = new Set(this.entries.filter(isOld).slice(0, limit))
    this.entries = this.entries.filter((entry) => !gone.has(entry))
    return gone.size
  }

  /** Not in the same turn, as with the other stores: nobody hears of a change before its writer does. */
  tell(part: StorePart): void {
    for (const listener of this.#listeners) {
      setImmediate(() => {
        if (this.#listeners.has(listener)) listener(part)
      })
    }
  }

  watch(listener: (part: StorePart) => void): Disposable {
    // A function of its own, so that the same listener can be there twice.
    const own = (part: StorePart) => listener(part)
    this.#listeners.add(own)
    return { [Symbol.dispose]: () => this.#listeners.delete(own) }
  }
}
