import type { Generation, Serial } from '#base/names.ts'
import type { EpochMs, EpochSeconds } from '#base/time.ts'

/** What one look at one address of a mirror found. `unreachable` and `stale` are kept apart inside (R112, decided). */
export type Sight =
  | {
      readonly kind: 'good'
      readonly serial: Serial
      readonly generation: Generation
      readonly stampedAt: EpochSeconds
      readonly tookMs: number
    }
  | {
      readonly kind: 'bad'
      readonly fault: SightFault
      /** In words, with place: `GET http://…/timestamp: 302 to http://portal/`. */
      readonly reason: string
    }

export const SIGHT_FAULTS = [
  'unreachable',
  'timed-out',
  'redirect',
  'not-http',
  'no-timestamp',
  'wrong-content',
] as const
export type SightFault = (typeof SIGHT_FAULTS)[number]

/** What is remembered of one address between rounds. */
export interface AddressHealth {
  readonly address: string
  /** Whether clients may be sent there: after hysteresis. */
  readonly isUp: boolean
  readonly upSince: EpochMs
  readonly triedAt: EpochMs
  /** Looks of the same kind in a row. */
  readonly goodInARow: number
  readonly badInARow: number
  readonly last: Sight
  /** The last good look; undefined when there was none yet. */
  readonly lastGood: (Extract<Sight, { kind: 'good' }> & { readonly at: EpochMs }) | undefined
}

/** Worst of a day in UTC, for the strip of fourteen. */
export interface DayMark {
  /** Days since 1970-01-01. */
  readonly day: number
  readonly good: number
  readonly bad: number
  readonly worst: DayState
}

export const DAY_STATES = ['good', 'stale', 'bad', 'planned'] as const
export type DayState = (typeof DAY_STATES)[number]

export interface MirrorHealth {
  readonly addresses: readonly AddressHealth[]
  /** The last time it was both reachable and fresh; undefined when never. The clock of "old" (R112) runs from here. */
  readonly freshAt: EpochMs | undefined
  /** Oldest first, at most fourteen. */
  readonly days: readonly DayMark[]
}
