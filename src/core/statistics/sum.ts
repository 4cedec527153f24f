/** Days taken together. */
import { type Counts, type DayTotals, noIntervals, noOutcomes } from './day.ts'
import { OUTCOMES } from './hit.ts'

export interface Traffic {
  /** `2026-11-24` or `2026-11`. */
  readonly period: string
  readonly requests: DayTotals['requests']
  readonly bytes: DayTotals['bytes']
  /** Of the day with most of them, where several days are taken together. */
  readonly clients: number
}

export function byMonth(days: readonly DayTotals[]): readonly Traffic[] {
  const months = Map.groupBy(days, ({ day }) => day.slice(0, 7))
  return [...months].map(([period, all]) => ({
    period,
    requests: add(all.map(({ requests }) => requests)),
    bytes: add(all.map(({ bytes }) => bytes)),
    clients: Math.max(...all.map(({ clients }) => clients)),
  }))
}

function add(all: readonly DayTotals['requests'][]): DayTotals['requests'] {
  const sum = noOutcomes()
  for (const one of all) for (const key of OUTCOMES) sum[key] += one[key]
  return sum
}

export function addCounts(all: readonly Counts[]): Counts {
  const sum = new Map<string, number>()
  for (const one of all) {
    for (const [key, value] of Object.entries(one)) sum.set(key, (sum.get(key) ?? 0) + value)
  }
  return Object.fromEntries(sum)
}

export function addIntervals(
  days: readonly Pick<DayTotals, 'intervals'>[],
): DayTotals['intervals'] {
  const sum = noIntervals()
  for (const { intervals } of days) {
    for (const [key, value] of Object.entries(addCounts([sum, intervals])))
      Object.assign(sum, { [key]: value })
  }
  return sum
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, value) => sum + value, 0)
}

/** Oldest first. Lines that come after a day was closed are added to it; its clients are then those of the larger part. */
export function joinDays(
  closed: readonly DayTotals[],
  more: readonly DayTotals[],
): readonly DayTotals[] {
  const days = new Map(closed.map((one) => [one.day, one]))
  for (const one of more) {
    const known = days.get(one.day)
    days.set(one.day, known === undefined ? one : addLate(known, one))
  }
  return [...days.values()].toSorted((a, b) => a.day.localeCompare(b.day))
}

function addLate(known: DayTotals, late: DayTotals): DayTotals {
  const larger = late.clients > known.clients ? late : known
  return {
    ...larger,
    requests: add([known.requests, late.requests]),
    bytes: add([known.bytes, late.bytes]),
    bytesByDatabase: addCounts([known.bytesByDatabase, late.bytesByDatabase]),
    intervals: addIntervals([known, late]),
  }
}
