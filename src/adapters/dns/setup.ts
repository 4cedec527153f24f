import type { IpPrefix } from '#base/ip-address.ts'
import type { RangeTable } from '#core/places/index.ts'
import type { ZoneSnapshot } from '#core/zone/index.ts'
import type { TsigKey } from '#formats/dns-message/index.ts'
import type { RateLimitPolicy } from './rate-limit.ts'
import type { DnssecSetup } from './zone-signer.ts'

/** Everything that a responder is made of; plain values, so that it can be made in another thread. */
export interface ResponderSetup {
  readonly snapshot: ZoneSnapshot
  readonly places: RangeTable
  readonly overrides: RangeTable
  readonly rateLimit: RateLimitPolicy
  /** Networks that are never limited: the operator's own. */
  readonly unlimited: readonly IpPrefix[]
  /** EDNS client subnet is believed. */
  readonly clientSubnet: boolean
  /** Newest first; 16 bytes each. */
  readonly cookieSecrets: readonly Uint8Array[]
  /** Keys of secondaries: who signs with one is answered signed. */
  readonly tsigKeys: readonly TsigKey[]
  /** Undefined: the zone is not signed. */
  readonly dnssec?: DnssecSetup | undefined
  readonly seed: number
}

export type Transport = 'udp' | 'tcp'

/** RFC 9715: what passes everywhere without fragments. */
export const UDP_BYTES_MAX = 1232
/** Its length has two bytes there. */
export const TCP_BYTES_MAX = 65_535
