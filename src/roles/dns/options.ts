import type { RateLimitPolicy, Secondary } from '#adapters/dns/index.ts'
import type { PlaceSource } from '#adapters/geoip/index.ts'
import type { IpPrefix } from '#base/ip-address.ts'
import type { PlaceOverride } from '#core/places/index.ts'
import type { AnswerPolicy } from '#core/zone/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { ZoneSource } from '#ports/zone-source.ts'

/** What a name server is told by its settings. */
export interface DnsOptions {
  /** A last snapshot of another zone is none of ours. */
  readonly zone: string
  /** Addresses to listen on, all on one port. */
  readonly hosts: readonly string[]
  /** 0: one that is free. */
  readonly port: number
  readonly source: ZoneSource
  /** Where the last snapshot is kept for the next start. */
  readonly lastSnapshot: string
  /** Undefined: everybody is "other", save for the overrides. */
  readonly places: PlaceSource | undefined
  readonly overrides: readonly PlaceOverride[]
  readonly rateLimit: RateLimitPolicy
  /** Networks that are not limited. */
  readonly unlimited: readonly IpPrefix[]
  readonly clientSubnet: boolean
  /** Other processes may answer on the same port. */
  readonly sharePort: boolean
  /** One by one where the operator wants it; else batched where it loads. */
  readonly sockets: 'auto' | 'dgram'
  /** Shared by all name servers of the zone, so that each knows the others' cookies; 16 bytes. */
  readonly cookieSecret: Uint8Array | undefined
  /** Are told of every change, and get the zone when they sign with their key. */
  readonly secondaries: readonly Secondary[]
  /** Where PowerDNS may ask; undefined: nowhere. */
  readonly powerDns: { readonly host: string; readonly port: number } | undefined
  /** Undefined: the zone is not signed. */
  readonly dnssec?: { readonly keys: string; readonly signaturesPerSecond: number } | undefined
  /** What this node's settings say otherwise than the snapshot. */
  readonly policy: (policy: AnswerPolicy) => AnswerPolicy
  readonly clock: Clock
  /** Ends a start that waits for its first snapshot. */
  readonly signal?: AbortSignal
  /** Told when there is nothing to answer from yet. */
  readonly onWaiting?: () => void
  /** Things an operator should see. */
  readonly onEvent: (line: string) => void
}
