/**
 * The totals of one day. While a day is open, clients are told apart by a salted hash, which is what counting needs and
 * nobody can turn back once the salt is gone; a closed day has numbers only.
 */
import { OUTCOMES, type Outcome } from './hit.ts'

export type Counts = Readonly<Record<string, number>>

export interface DayTotals {
  /** `2026-11-24`, UTC. */
  readonly day: string
  readonly requests: Readonly<Record<Outcome, number>>
  readonly bytes: Readonly<Record<Outcome, number>>
  readonly bytesByDatabase: Counts
  readonly clients: number
  readonly clientsByEngine: Counts
  /** `daily 27001`: clients that fetched the patch to it as their last. */
  readonly clientsByVersion: Counts
  readonly clientsByCountry: Counts
  /** Waits between two visits of one client, by bucket. */
  readonly intervals: Readonly<Record<Interval, number>>
}

export const INTERVALS = [
  'under 10 min',
  '10–30 min',
  '30–60 min',
  '1–2 h',
  '2–4 h',
  '4–12 h',
  'over 12 h',
] as const
export type Interval = (typeof INTERVALS)[number]
const MINUTE_MS = 60_000
const ENDS_MS = [10, 30, 60, 120, 240, 720].map((minutes) => minutes * MINUTE_MS)

export function intervalOf(ms: number): Interval {
  const at = ENDS_MS.findIndex((end) => ms < end)
  return INTERVALS[at < 0 ? ENDS_MS.length : at] ?? 'over 12 h'
}

export function noOutcomes(): Record<Outcome, number> {
  return record(OUTCOMES)
}

export function noIntervals(): Record<Interval, number> {
  return record(INTERVALS)
}

function record<K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>
}
