/**
 * Response rate limiting: a forged sender address must not get more from us than it could stand. Counted are equal answers
 * to one network, in a table of fixed size; two that meet in one slot share it, so a full table limits too early, never too
 * late. With `slip` 2 every second answer beyond the limit is an empty one with TC, so that an honest asker comes by TCP.
 */
export interface RateLimitPolicy {
  /** Equal answers to one network in a second; 0: no limit. */
  readonly perSecond: number
  /** Every how many limited answers one is sent truncated; 0: none, 1: all. */
  readonly slip: number
}

export type RateVerdict = 'send' | 'truncate' | 'drop'

/** A power of two. Twelve bytes each. */
const SLOTS = 65_536
/** Networks are told apart by so many bytes: /24 and /56. */
const IPV4_BYTES = 3
const IPV6_BYTES = 7
/** Unused allowance is kept for so long, so that a resolver's burst passes. */
const BURST_SECONDS = 2

export class RateLimiter {
  readonly #policy: RateLimitPolicy
  readonly #seed: number
  readonly #left = new Float32Array(SLOTS)
  readonly #seenMs = new Float64Array(SLOTS)
  #slipped = 0

  /** `seed` keeps strangers from choosing whose slot they share. */
  constructor(policy: RateLimitPolicy, seed: number) {
    this.#policy = policy
    this.#seed = seed
  }

  judge(address: Uint8Array, kind: number, nowMs: number): RateVerdict {
    const { perSecond, slip } = this.#policy
    if (perSecond === 0) return 'send'
    const slot = this.#slotOf(address, kind)
    const most = perSecond * BURST_SECONDS
    const seconds = (nowMs - (this.#seenMs[slot] ?? 0)) / 1000
    const left = Math.min((this.#left[slot] ?? 0) + seconds * perSecond, most)
    this.#seenMs[slot] = nowMs
    this.#left[slot] = Math.max(left - 1, 0)
    if (left >= 1) return 'send'
    if (slip === 0) return 'drop'
    this.#slipped += 1
    return this.#slipped % slip === 0 ? 'truncate' : 'drop'
  }

  #slotOf(address: Uint8Array, kind: number): number {
    let hash = this.#seed ^ kind
    const bytes = address.byteLength === 4 ? IPV4_BYTES : IPV6_BYTES
    for (let at = 0; at < bytes; at += 1) {
      hash = Math.imul(hash ^ (address[at] ?? 0), 0x0100_0193)
      hash ^= hash >>> 15
    }
    return (Math.imul(hash, 0x85eb_ca6b) >>> 16) & (SLOTS - 1)
  }
}
