import type { EpochMs } from '#base/time.ts'
import { healthCodec } from '#core/health/index.ts'
import { masterCodec, mirrorCodec, sigmakerCodec } from '#core/mirrors/index.ts'
import { letterCodec, problemCodec } from '#core/notices/index.ts'
import { serialsCodec, type ZoneSerials } from '#core/zone/index.ts'
import type { JournalEntry } from '#ports/journal.ts'
import type {
  EntryId,
  JournalStore,
  MirrorRegistry,
  Notices,
  Store,
  StoredEntry,
  StorePart,
} from '#ports/store.ts'
import { MemoryJobs } from './jobs.ts'
import { MemoryRecords } from './records.ts'
import { MemoryReleases } from './releases.ts'
import { MemoryState } from './state.ts'

/** A handle on a store in memory. Several on one `MemoryState` are as several processes on one file. */
export class MemoryStore implements Store {
  readonly registry: MirrorRegistry
  readonly releases: MemoryReleases
  readonly journal: JournalStore
  readonly jobs: MemoryJobs
  readonly notices: Notices
  readonly serials: MemoryRecords<ZoneSerials>
  readonly #state: MemoryState
  readonly #watches = new DisposableStack()

  constructor(state: MemoryState = new MemoryState()) {
    this.#state = state
    const { mirrors, sigmakers, masters, health } = state
    const part = 'registry'
    this.registry = {
      mirrors: new MemoryRecords(state, {
        kind: 'mirror',
        codec: mirrorCodec,
        part,
        kept: mirrors,
      }),
      sigmakers: new MemoryRecords(state, {
        kind: 'sigmaker',
        codec: sigmakerCodec,
        part,
        kept: sigmakers,
      }),
      masters: new MemoryRecords(state, {
        kind: 'master',
        codec: masterCodec,
        part,
        kept: masters,
      }),
      health: new MemoryRecords(state, {
        kind: 'health',
        codec: healthCodec,
        part: 'health',
        kept: health,
      }),
    }
    this.notices = {
      problems: new MemoryRecords(state, {
        kind: 'problem',
        codec: problemCodec,
        part: 'notices',
        kept: state.problems,
      }),
      news: new MemoryRecords(state, {
        kind: 'news',
        codec: letterCodec,
        part: 'notices',
        kept: state.news,
      }),
    }
    this.serials = new MemoryRecords(state, {
      kind: 'serials',
      codec: serialsCodec,
      part: 'serials',
      kept: state.serials,
    })
    this.releases = new MemoryReleases(state)
    this.journal = new MemoryJournal(state)
    this.jobs = new MemoryJobs(state)
  }

  watch(onChange: (part: StorePart) => void): Disposable {
    return this.#watches.use(this.#state.watch(onChange))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watches.dispose()
  }
}

class MemoryJournal implements JournalStore {
  readonly #state: MemoryState

  constructor(state: MemoryState) {
    this.#state = state
  }

  async append(entry: JournalEntry): Promise<void> {
    await this.appendAll([entry])
  }

  async appendAll(entries: readonly JournalEntry[]): Promise<void> {
    this.#state.check()
    this.#state.append(entries)
  }

  async read(query: {
    readonly limit: number
    readonly subject?: string
    readonly before?: EntryId
  }): Promise<readonly StoredEntry[]> {
    this.#state.check()
    const { limit, subject, before = Number.MAX_SAFE_INTEGER } = query
    const found: StoredEntry[] = []
    for (const entry of this.#state.entries.toReversed()) {
      if (found.length === limit) break
      if (entry.id < before && (subject ?? entry.subject) === entry.subject) found.push(entry)
    }
    return found
  }

  async prune(query: {
    readonly before: EpochMs
    readonly whats: readonly string[]
    readonly limit: number
  }): Promise<number> {
    this.#state.check()
    return this.#state.prune(query)
  }
}
