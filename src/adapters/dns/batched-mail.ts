import type { ZoneKey } from '#core/dnssec/index.ts'
import type { RangeTable } from '#core/places/index.ts'
import type { ZoneSnapshot } from '#core/zone/index.ts'
import type { DnsCounters } from '#ports/dns-server.ts'
import type { ListenOptions } from './dgram-server.ts'
import type { ResponderSetup } from './setup.ts'

/** What the thread of a batched server is given, and what the two say to each other. */
export interface WorkerStart {
  readonly listen: ListenOptions
  readonly setup: ResponderSetup
  /** Shared. Number 0 is set after mail was sent: looking at it costs nothing. */
  readonly flags: Int32Array
}

export type ToWorker =
  | { readonly kind: 'snapshot'; readonly snapshot: ZoneSnapshot }
  | { readonly kind: 'places'; readonly places: RangeTable; readonly overrides: RangeTable }
  | { readonly kind: 'keys'; readonly keys: readonly ZoneKey[] }
  | { readonly kind: 'count' }
  | { readonly kind: 'stop' }

export type ToMain =
  | { readonly kind: 'not-loadable' }
  | { readonly kind: 'cannot-listen'; readonly reason: string }
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'counters'; readonly counters: DnsCounters }
  | { readonly kind: 'broken'; readonly reason: string }
  | { readonly kind: 'stopped' }
