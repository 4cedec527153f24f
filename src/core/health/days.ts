import type { EpochMs } from '#base/time.ts'
import type { DayMark } from './types.ts'

const DAY_MS = 86_400_000
/** What the page shows (R114). */
export const DAYS_KEPT = 14
const BADNESS: Readonly<Record<DayMark['worst'], number>> = {
  good: 0,
  planned: 1,
  stale: 2,
  bad: 3,
}

export function dayOf(at: EpochMs): number {
  return Math.floor(at / DAY_MS)
}

/** Adds one look to the strip. */
export function markDay(
  days: readonly DayMark[],
  at: EpochMs,
  look: 'good' | 'bad',
  state: DayMark['worst'],
): readonly DayMark[] {
  const day = dayOf(at)
  const before = days.find((mark) => mark.day === day)
  const worst =
    before !== undefined && BADNESS[before.worst] > BADNESS[state] ? before.worst : state
  const mark: DayMark = {
    day,
    good: (before?.good ?? 0) + (look === 'good' ? 1 : 0),
    bad: (before?.bad ?? 0) + (look === 'bad' ? 1 : 0),
    worst,
  }
  return [...days.filter((other) => other.day !== day && other.day > day - DAYS_KEPT), mark]
    .toSorted((a, b) => a.day - b.day)
    .slice(-DAYS_KEPT)
}
