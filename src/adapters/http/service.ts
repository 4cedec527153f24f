/** What all connections of one server share. */
import { Admission, type LimitOptions } from './admission.ts'
import { STALLED_MS } from './bounds.ts'
import { ChunkPool } from './chunk-pool.ts'
import { Fronts, type FrontsOptions } from './fronts.ts'
import type { GuardedPages } from './guarded-pages.ts'
import { OpenFiles } from './open-file.ts'
import { PreparedAnswers } from './prepared.ts'
import type { RequestRecord } from './request-record.ts'
import type { Snapshot } from './snapshot.ts'
import { TurnEnd } from './turn-end.ts'
import { Watch } from './watch.ts'

export interface ServiceOptions {
  /** Asked for each request. Undefined while nothing is published. */
  readonly source: () => Snapshot | undefined
  /** The operator's document root, for `local_*`. */
  readonly localFolder?: string
  readonly onRequest?: (record: RequestRecord) => void
  readonly limits?: LimitOptions
  /** `/local_stats/` behind a login. Absent: the operator's files there are for everybody. */
  readonly guarded?: GuardedPages
  /** Absent: there is nothing in front of us. */
  readonly fronts?: FrontsOptions
  /** How long a client may take nothing of a large answer, in milliseconds. */
  readonly stalledMs?: number
}

export class Service implements Disposable {
  readonly source: ServiceOptions['source']
  readonly localFolder: string | undefined
  readonly onRequest: (record: RequestRecord) => void
  readonly guarded: GuardedPages | undefined
  readonly admission: Admission
  readonly fronts: Fronts
  readonly stalledMs: number
  readonly chunks = new ChunkPool()
  readonly openFiles = new OpenFiles()
  readonly prepared = new PreparedAnswers()
  readonly turnEnd = new TurnEnd()
  readonly watch = new Watch()

  constructor(options: ServiceOptions) {
    this.source = options.source
    this.localFolder = options.localFolder
    this.onRequest = options.onRequest ?? (() => {})
    this.guarded = options.guarded
    this.admission = new Admission(options.limits ?? {})
    this.stalledMs = options.stalledMs ?? STALLED_MS
    this.fronts = new Fronts(options.fronts ?? { addresses: [], proxyProtocol: false })
  }

  [Symbol.dispose](): void {
    this.watch[Symbol.dispose]()
  }
}

/**
 * What one connection sees: the release of its first request, so that nobody reads the pointers of one release and
 * then those of the next on one connection. When a newer one is there, the answer is the connection's last, and the
 * client comes back to see it. A file that only the newer one has is answered from that: whoever asks for it knows of it.
 */
export class View {
  readonly #source: ServiceOptions['source']
  #pinned: Snapshot | undefined

  constructor(source: ServiceOptions['source']) {
    this.#source = source
  }

  get(path?: string): { readonly snapshot: Snapshot | undefined; readonly isLast: boolean } {
    const newest = this.#source()
    this.#pinned ??= newest
    const isLast = this.#pinned !== newest
    const isNew = isLast && path !== undefined && this.#pinned?.files.has(path) === false
    return { snapshot: isNew ? newest : this.#pinned, isLast }
  }
}
