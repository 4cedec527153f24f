/**
 * Whether a large answer, or a whole database of any size, is given now, and how fast. Others (checks, pointers, small
 * patches) are always given at once: they cost less than a refusal.
 */
import { epochMs } from '#base/time.ts'
import {
  type FileClass,
  fileClass,
  identityOf,
  judgeWhole,
  type LoopPolicy,
  type LoopVerdict,
  newLedger,
  type Speeds,
} from '#core/limits/index.ts'
import { type Refusal, refusal } from '../answer/plan-answer.ts'
import type { Counts } from './counts.ts'

export interface LimitOptions {
  /** Bytes a second for one answer, by class. */
  readonly speeds?: Speeds
  /** Large answers at a time, by class; whoever comes later gets 503. */
  readonly answersMax?: Readonly<Partial<Record<FileClass, number>>>
  /** Absent: nobody is told to wait for fetching in a loop. */
  readonly loops?: LoopPolicy | undefined
}

export interface Asker {
  readonly from: string
  readonly agent: string
}

export type Admitted =
  | { readonly kind: 'granted'; readonly pace: number | undefined; readonly end: () => void }
  | { readonly kind: 'refused'; readonly answer: Refusal }

export type AskedWhole = Parameters<typeof judgeWhole>[1]
/** Judges by one ledger, which may lie in another thread. */
export type Judge = (asked: AskedWhole, policy: LoopPolicy) => LoopVerdict | Promise<LoopVerdict>

export function judgeOfOwnLedger(): Judge {
  const ledger = newLedger()
  return (asked, policy) => judgeWhole(ledger, asked, policy)
}

/** What a client is told to wait when too many fetch at a time: some of them will be ready then. In seconds. */
const BUSY_RETRY_AFTER = 60

export class Admission {
  #options: LimitOptions = {}
  readonly #counts: Counts
  readonly #judge: Judge

  constructor(counts: Counts, judge: Judge) {
    this.#counts = counts
    this.#judge = judge
  }

  /** For whoever asks from now on. Nobody's fetches are forgotten. */
  change(options: LimitOptions): void {
    this.#options = options
  }

  /** The whole of this file is asked about, however small it is. */
  limits(path: string): boolean {
    const { answersMax = {}, loops } = this.#options
    const isLimited = loops !== undefined || answersMax.database !== undefined
    return isLimited && fileClass(path) === 'database'
  }

  /** `isWhole`: all of the file was asked for. A grant is ended once, when its answer has. */
  async ask(path: string, isWhole: boolean, { from, agent }: Asker): Promise<Admitted> {
    const { speeds = {}, answersMax = {}, loops } = this.#options
    const kind = fileClass(path)
    const counts = this.#counts
    using counted = new DisposableStack()
    counts.countAnswer(kind, 1)
    counted.defer(() => counts.countAnswer(kind, -1))
    // Counted before it is looked at: two threads that take the last place at once are then both refused, not both served.
    if (counts.answers(kind) > (answersMax[kind] ?? Number.POSITIVE_INFINITY)) {
      return { kind: 'refused', answer: refusal(503, retryAfter(BUSY_RETRY_AFTER)) }
    }
    if (loops !== undefined && isWhole && kind === 'database') {
      const asked = { identity: identityOf(from, agent), path, now: epochMs(Date.now()) }
      const verdict = await this.#judge(asked, loops)
      if (verdict.kind === 'loops') {
        return { kind: 'refused', answer: refusal(429, retryAfter(verdict.retryAfter)) }
      }
    }
    const grant = counted.move()
    return { kind: 'granted', pace: speeds[kind], end: () => grant.dispose() }
  }
}

function retryAfter(seconds: number): string {
  return `Retry-After: ${seconds}\r\n`
}
