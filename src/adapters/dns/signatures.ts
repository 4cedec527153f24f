/**
 * Signatures that were made, kept by what they sign, so that a set is signed once whoever asks and however often the zone
 * changes around it; and how many more may be made. Strangers choose names, so theirs are kept apart and have their bounds.
 */
import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import { type RecordSet, type Signer, signSet, validityOf } from '#core/dnssec/index.ts'
import type { ResourceRecord } from '#formats/dns-message/index.ts'
import type { DnsCounters } from '#ports/dns-server.ts'

/**
 * For whom: `known` names of the zone; names that a `stranger` made up; or a `renewal`, where an older answer is good as
 * well. Those further on leave a share of the budget to those before.
 */
export type Purpose = 'known' | 'stranger' | 'renewal'

export interface Signed {
  readonly records: readonly ResourceRecord[]
  /** From then on a new one is made. */
  readonly renewAt: EpochSeconds
  readonly until: EpochSeconds
}

/** Some 500 bytes each. All pools for all places of a network of some hundred mirrors have room. */
const KNOWN_MAX = 16_384
const STRANGERS_MAX = 4_096
const SHARE_LEFT = { known: 0, stranger: 0.25, renewal: 0.5 } as const satisfies Record<
  Purpose,
  number
>

export class Signatures {
  readonly #perSecond: number
  readonly #counters: DnsCounters
  readonly #known = new Map<string, Signed>()
  readonly #strangers = new Map<string, Signed>()
  #left: number
  #seenMs = 0

  /** As many signatures a second, and as many at once. */
  constructor(perSecond: number, counters: DnsCounters) {
    this.#perSecond = perSecond
    this.#left = perSecond
    this.#counters = counters
  }

  get size(): number {
    return this.#known.size + this.#strangers.size
  }

  /** Undefined: the budget is used up. */
  of(
    set: RecordSet,
    signers: readonly Signer[],
    purpose: Purpose,
    nowMs: number,
  ): Signed | undefined {
    const key = set.canonical.toString('latin1')
    const now = epochSeconds(Math.floor(nowMs / 1000))
    const found = this.#find(key)
    if (found !== undefined && found.renewAt > now) return found
    for (let count = 0; count < signers.length; count += 1) {
      if (!this.#take(purpose, nowMs)) return undefined
    }
    const validity = validityOf(now)
    const records = signers.map((signer) => signSet(set, signer, validity))
    const signed = { records, renewAt: validity.renewAt, until: validity.until }
    this.#counters.signatures += signers.length
    if (purpose === 'stranger') keep(this.#strangers, key, signed, STRANGERS_MAX)
    else keep(this.#known, key, signed, KNOWN_MAX)
    return signed
  }

  /** Whether a renewal would be given. */
  hasSpare(nowMs: number): boolean {
    this.#refill(nowMs)
    return this.#left - 1 >= this.#perSecond * SHARE_LEFT.renewal
  }

  /** The soonest end of those that may still be sent; 0: there is none. */
  soonestEnd(nowMs: number): number {
    let soonest = 0
    for (const kept of [this.#known, this.#strangers]) {
      for (const { until, renewAt } of kept.values()) {
        const used = renewAt > nowMs / 1000
        if (used && (soonest === 0 || until < soonest)) soonest = until
      }
    }
    return soonest
  }

  /** When the keys changed. */
  clear(): void {
    this.#known.clear()
    this.#strangers.clear()
  }

  /** The most recently used are the last of their map. */
  #find(key: string): Signed | undefined {
    for (const kept of [this.#known, this.#strangers]) {
      const found = kept.get(key)
      if (found === undefined) continue
      kept.delete(key)
      kept.set(key, found)
      return found
    }
    return undefined
  }

  #take(purpose: Purpose, nowMs: number): boolean {
    this.#refill(nowMs)
    if (this.#left - 1 < this.#perSecond * SHARE_LEFT[purpose]) return false
    this.#left -= 1
    return true
  }

  #refill(nowMs: number): void {
    const seconds = Math.max(nowMs - this.#seenMs, 0) / 1000
    this.#seenMs = nowMs
    this.#left = Math.min(this.#left + seconds * this.#perSecond, this.#perSecond)
  }
}

function keep(kept: Map<string, Signed>, key: string, signed: Signed, most: number): void {
  kept.delete(key)
  if (kept.size >= most) {
    const [oldest] = kept.keys()
    if (oldest !== undefined) kept.delete(oldest)
  }
  kept.set(key, signed)
}
