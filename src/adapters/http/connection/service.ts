/** What all connections of one thread share, on whatever port they come in. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ClientLogin, Clients } from '../answer/clients.ts'
import type { GuardedPages } from '../answer/guarded-pages.ts'
import { PreparedAnswers } from '../answer/prepared.ts'
import { ChunkPool } from '../files/chunk-pool.ts'
import { OpenFiles } from '../files/open-file.ts'
import type { Snapshot } from '../files/snapshot.ts'
import { Admission, type Judge, judgeOfOwnLedger, type LimitOptions } from '../limits/admission.ts'
import { CLOSE_GRACE_MS, STALLED_MS } from '../limits/bounds.ts'
import { Counts } from '../limits/counts.ts'
import { Room } from '../limits/room.ts'
import type { RequestRecord } from '../log/request-record.ts'
import { Fronts, type FrontsOptions } from '../request/fronts.ts'
import { TurnEnd } from './turn-end.ts'
import { Watch } from './watch.ts'

export interface ServiceOptions extends ServerRules {
  /** Asked for each request. Undefined while nothing is published. */
  readonly source: () => Snapshot | undefined
  /** The operator's document root, for `local_*`. */
  readonly localFolder?: string
  readonly onRequest?: (record: RequestRecord) => void
  /** Shared by all threads. Absent: this one is alone. */
  readonly counts?: Counts
  /** Of the ledger that all threads share. Absent: one of its own. */
  readonly judge?: Judge
  /** Pieces of files in memory, of a mebibyte each. */
  readonly chunksMax?: number
  /** How long a client may take nothing of a large answer, in milliseconds. */
  readonly stalledMs?: number
}

/** What may change while a server runs. What is absent is back to its preset. */
export interface ServerRules {
  /** Over HTTP and HTTPS together. */
  readonly connectionsMax?: number | undefined
  /** Of one address, fronts excepted. Absent: as many as it likes, since it may be an office. */
  readonly connectionsPerAddressMax?: number | undefined
  readonly limits?: LimitOptions
  /** `/local_stats/` behind a login. Absent: the operator's files there are for everybody. */
  readonly guarded?: GuardedPages | undefined
  /** Those alone may fetch. Absent: everybody may. */
  readonly clients?: readonly ClientLogin[] | undefined
  /** Absent: there is nothing in front of us. */
  readonly fronts?: FrontsOptions
}

const NOTHING_IN_FRONT: FrontsOptions = { addresses: [], proxyProtocol: false }

export class Service implements AsyncDisposable {
  readonly source: ServiceOptions['source']
  readonly localFolder: string | undefined
  readonly onRequest: (record: RequestRecord) => void
  readonly stalledMs: number
  readonly admission: Admission
  readonly room: Room
  readonly chunks: ChunkPool
  readonly openFiles = new OpenFiles()
  readonly prepared = new PreparedAnswers()
  readonly turnEnd = new TurnEnd()
  readonly watch = new Watch()
  readonly #answers = new Set<Promise<unknown>>()
  guarded: GuardedPages | undefined
  clients: Clients | undefined
  fronts = new Fronts(NOTHING_IN_FRONT)

  constructor(options: ServiceOptions) {
    this.source = options.source
    this.localFolder = options.localFolder
    this.onRequest = options.onRequest ?? (() => {})
    const counts = options.counts ?? Counts.create()
    this.room = new Room(counts)
    this.admission = new Admission(counts, options.judge ?? judgeOfOwnLedger())
    this.chunks = new ChunkPool(options.chunksMax)
    this.stalledMs = options.stalledMs ?? STALLED_MS
    this.change(options)
  }

  /** From the next request on; what is counted goes on being counted. */
  change(rules: ServerRules): void {
    const { limits = {}, guarded, clients, fronts = NOTHING_IN_FRONT, ...bounds } = rules
    this.admission.change(limits)
    this.room.change(bounds)
    this.guarded = guarded
    this.clients = clients && new Clients(clients)
    this.fronts = new Fronts(fronts)
  }

  /** One whose request is told of when it has ended, which may be after its socket has. */
  follow(answer: Promise<unknown>): void {
    const forget = () => this.#answers.delete(answer)
    this.#answers.add(answer)
    answer.then(forget, forget)
  }

  /** Comes after the listeners' end. Whoever that cut off is told of first, but a disk that hangs is not waited for. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { promise: late, resolve: onLate } = Promise.withResolvers<void>()
    const timer = setTimeout(onLate, CLOSE_GRACE_MS)
    await Promise.race([Promise.allSettled(this.#answers), late])
    clearTimeout(timer)
    // A socket that was destroyed closes, and tells the write that it cut, at the end of a turn.
    await nextTurn()
    await nextTurn()
    this.watch[Symbol.dispose]()
  }
}
