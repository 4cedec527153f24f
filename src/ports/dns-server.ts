import type { ZoneKey } from '#core/dnssec/index.ts'
import type { RangeTable } from '#core/places/index.ts'
import type { ZoneSnapshot } from '#core/zone/index.ts'

/** Answers datagrams of one address and port. */
export interface DnsServer extends AsyncDisposable {
  /** How it takes packets from the system: one by one, or many with one call. */
  readonly kind: 'dgram' | 'batched'
  readonly host: string
  readonly port: number
  /** From within a second on, answers are those of this snapshot. */
  answerFrom(snapshot: ZoneSnapshot): void
  /** Where clients are, from now on: an operator's overrides, then the data. */
  placeBy(places: RangeTable, overrides: RangeTable): void
  /** The keys that the zone is signed with, from now on. */
  signWith(keys: readonly ZoneKey[]): void
  counters(): Promise<DnsCounters>
}

/** What a server did since it started. */
export interface DnsCounters {
  queries: number
  noError: number
  nxDomain: number
  refused: number
  badQueries: number
  /** Not answered at all: answers, fragments. */
  dropped: number
  truncated: number
  /** Held back by the rate limit. */
  limited: number
  goodCookies: number
  /** Answered to who wants signatures (DO). */
  signed: number
  /** Cut or failed, since too many signatures would have had to be made. */
  signingLimited: number
  /** Signatures that were made. */
  signatures: number
  /** When the first of those that may be sent ends, in seconds since 1970; 0: there are none. */
  signaturesUntil: number
}

export class DnsServerError extends Error {
  override readonly name = 'DnsServerError'
  /** `not-loadable`: this machine has no batched sockets for us. */
  readonly code: 'cannot-listen' | 'not-loadable' | 'broken'

  constructor(code: DnsServerError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}
