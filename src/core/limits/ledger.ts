/**
 * Who fetches whole databases in a loop. A ledger remembers, for each identity and file, how often the whole of it was
 * fetched within an hour; nothing else is ever counted. A well client fetches a database whole once, and again when its
 * patches fail: the allowance is above that, and whoever has used it up waits for his oldest fetch to be an hour ago, or
 * for a cap that is shorter: a freshclam that is told to wait keeps away from every mirror (field-notes 2).
 */
import type { EpochMs } from '#base/time.ts'

export interface LoopPolicy {
  /** Whole fetches of one file that are free within an hour. */
  readonly wholesAnHour: number
  /** The longest that anybody is told to wait, in seconds. */
  readonly retryAfterMax: number
}

export type LoopVerdict =
  | { readonly kind: 'serve' }
  /** 429, with Retry-After in seconds. */
  | { readonly kind: 'loops'; readonly retryAfter: number }

const HOUR_MS = 3_600_000
/** An entry costs under 300 bytes, so that a flood of invented UUIDs costs 30 MB, and forgets the oldest. */
const ENTRIES_MAX = 100_000
const SERVE: LoopVerdict = { kind: 'serve' }

/** Times of the whole fetches of one file by one identity, oldest first. */
export type Ledger = Map<string, readonly EpochMs[]>

export function newLedger(): Ledger {
  return new Map()
}

/** Judges one request for a whole database, and notes it when it is served. `identity` undefined: not counted. */
export function judgeWhole(
  ledger: Ledger,
  asked: { readonly identity: string | undefined; readonly path: string; readonly now: EpochMs },
  policy: LoopPolicy,
): LoopVerdict {
  if (asked.identity === undefined) return SERVE
  const key = `${asked.identity} ${asked.path}`
  const recent = (ledger.get(key) ?? []).filter((at) => asked.now - at < HOUR_MS)
  const [oldest] = recent
  if (oldest !== undefined && recent.length >= policy.wholesAnHour) {
    const left = Math.ceil((oldest + HOUR_MS - asked.now) / 1000)
    return { kind: 'loops', retryAfter: Math.min(left, policy.retryAfterMax) }
  }
  // Put anew at the end, so that whoever was not seen for longest is forgotten first.
  ledger.delete(key)
  ledger.set(key, [...recent, asked.now])
  const [first] = ledger.keys()
  if (ledger.size > ENTRIES_MAX && first !== undefined) ledger.delete(first)
  return SERVE
}
