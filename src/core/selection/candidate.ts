import type { Serial } from '#base/names.ts'
import type { Region } from '#base/region.ts'

/** A mirror as the choice sees it: where it is, what it can carry, what it serves, and how it is. */
export interface Candidate {
  /** Its label below the zone. */
  readonly name: string
  readonly country: string
  readonly region: Region
  /** As its operator declares it; its share of the clients follows it. */
  readonly bandwidthMbit: number
  /** Undefined: it was never seen serving a release. */
  readonly serial: Serial | undefined
  readonly listing: Listing
  readonly addresses: readonly CandidateAddress[]
}

export type Listing =
  | { readonly kind: 'listed' }
  /** `state` is the place in its life (R76): `applied`, `paused`, `old`, `removed`, `retired`. */
  | { readonly kind: 'unlisted'; readonly state: string; readonly reason: string }

/** Each address is looked at by itself: IPv6 may be dead where IPv4 is well (field-notes 1.23). */
export interface CandidateAddress {
  readonly bytes: Uint8Array
  readonly condition: Condition
}

export type Condition =
  | { readonly kind: 'healthy' }
  /** In, but near a change: answers with it are kept for a short time only. */
  | { readonly kind: 'wobbling' }
  | { readonly kind: 'down'; readonly reason: string }

export type Family = 4 | 6

export function familyOf({ bytes }: CandidateAddress): Family {
  return bytes.byteLength === 4 ? 4 : 6
}

/** One address that may stand in an answer. */
export interface Member {
  readonly mirror: Candidate
  readonly address: CandidateAddress
}
