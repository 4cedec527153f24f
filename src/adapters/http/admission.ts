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
  newLedger,
  type Speeds,
} from '#core/limits/index.ts'
import { type Refusal, refusal } from './plan-answer.ts'

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

/** What a client is told to wait when too many fetch at a time: some of them will be ready then. In seconds. */
const BUSY_RETRY_AFTER = 60

export class Admission {
  #options: LimitOptions = {}
  readonly #ledger = newLedger()
  readonly #running = new Map<FileClass, number>()

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
  ask(path: string, isWhole: boolean, { from, agent }: Asker): Admitted {
    const { speeds = {}, answersMax = {}, loops } = this.#options
    const kind = fileClass(path)
    const running = this.#running.get(kind) ?? 0
    if (running >= (answersMax[kind] ?? Number.POSITIVE_INFINITY)) {
      return { kind: 'refused', answer: refusal(503, retryAfter(BUSY_RETRY_AFTER)) }
    }
    if (loops !== undefined && isWhole && kind === 'database') {
      const asked = { identity: identityOf(from, agent), path, now: epochMs(Date.now()) }
      const verdict = judgeWhole(this.#ledger, asked, loops)
      if (verdict.kind === 'loops') {
        return { kind: 'refused', answer: refusal(429, retryAfter(verdict.retryAfter)) }
      }
    }
    this.#running.set(kind, running + 1)
    const end = (): void => {
      this.#running.set(kind, (this.#running.get(kind) ?? 1) - 1)
    }
    return { kind: 'granted', pace: speeds[kind], end }
  }
}

function retryAfter(seconds: number): string {
  return `Retry-After: ${seconds}\r\n`
}
