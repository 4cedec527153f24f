import { prefixContains } from '#base/ip-address.ts'
import type { EpochSeconds } from '#base/time.ts'
import { COOKIE_BYTES, isGoodCookie, type QueryReader } from '#formats/dns-message/index.ts'
import type { DnsCounters } from '#ports/dns-server.ts'
import type { Prepared } from './prepared.ts'
import { RateLimiter } from './rate-limit.ts'
import type { ResponderSetup } from './setup.ts'
import { kindOf } from './wire.ts'

export type LimitVerdict = 'send' | 'truncate' | 'drop' | 'tell-cookie'

/** Who may be answered over UDP: everybody within the rate, and always who is known not to forge his address. */
export class Limits {
  readonly #setup: Pick<ResponderSetup, 'rateLimit' | 'unlimited' | 'cookieSecrets'>
  readonly #limiter: RateLimiter
  readonly #counters: DnsCounters

  constructor(setup: ResponderSetup, counters: DnsCounters) {
    const { rateLimit, unlimited, cookieSecrets } = setup
    this.#setup = { rateLimit, unlimited, cookieSecrets }
    this.#limiter = new RateLimiter(rateLimit, setup.seed)
    this.#counters = counters
  }

  judge(
    prepared: Prepared,
    query: QueryReader,
    message: Buffer,
    peer: Uint8Array,
    nowMs: number,
  ): LimitVerdict {
    const { rateLimit, unlimited } = this.#setup
    if (rateLimit.perSecond === 0) return 'send'
    if (this.#hasGoodCookie(query, message, peer, nowMs)) {
      this.#counters.goodCookies += 1
      return 'send'
    }
    if (unlimited.some((prefix) => prefixContains(prefix, peer))) return 'send'
    const verdict = this.#limiter.judge(peer, kindOf(prepared), nowMs)
    if (verdict === 'send') return 'send'
    this.#counters.limited += 1
    // Whoever speaks cookies is told his; with it he is not limited any more (RFC 7873, 5.2.3).
    return query.cookieAt >= 0 ? 'tell-cookie' : verdict
  }

  #hasGoodCookie(query: QueryReader, message: Buffer, peer: Uint8Array, nowMs: number): boolean {
    const { cookieAt, cookieBytes } = query
    if (cookieAt < 0 || cookieBytes !== COOKIE_BYTES) return false
    const cookie = message.subarray(cookieAt, cookieAt + cookieBytes)
    const now = Math.floor(nowMs / 1000) as EpochSeconds
    return isGoodCookie(cookie, peer, this.#setup.cookieSecrets, now)
  }
}
