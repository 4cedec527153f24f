/** What a mirror tells the masters of its traffic: a few numbers a day, and nothing about its clients but how many. */
import { jsonCodec, listOf, object, textThat, whole } from '#base/json.ts'
import type { EpochMs } from '#base/time.ts'
import type { Traffic } from '../pages/index.ts'
import type { DayTotals } from './day.ts'
import { total } from './sum.ts'

export interface DayTraffic {
  /** `2026-11-24`, UTC. */
  readonly day: string
  readonly bytes: number
  readonly requests: number
  readonly clients: number
}

/** A month of whole days, and the days around it that a clock and a schedule may be off. */
export const TOTALS_DAYS_MAX = 35
const MONTH_DAYS = 30
const DAY_MS = 86_400_000
/** A line of 80 Gbit/s all day. Beyond it a mirror makes its numbers up, and would drown those of all others. */
const BYTES_A_DAY_MAX = 1e15
const COUNT_A_DAY_MAX = 1e12

const day = textThat('a day as 2026-11-24', (value) => /^\d{4}-\d\d-\d\d$/.test(value))
const count = whole(0, COUNT_A_DAY_MAX)

/** `/local_stats/totals.json`, from a stranger as far as its reader knows. */
export const totalsCodec = jsonCodec(
  object({
    days: listOf(
      object({ day, bytes: whole(0, BYTES_A_DAY_MAX), requests: count, clients: count }),
      TOTALS_DAYS_MAX,
    ),
  }),
)

export function totalsOf(days: readonly DayTotals[]): readonly DayTraffic[] {
  return days.slice(-TOTALS_DAYS_MAX).map(({ day, bytes, requests, clients }) => ({
    day,
    bytes: total(bytes),
    requests: total(requests),
    clients,
  }))
}

/**
 * Bytes of yesterday and of the thirty days until then: whole days, so that pages made of them change once a day. Undefined
 * when nothing of them is known.
 */
export function trafficAt(days: readonly DayTraffic[], now: EpochMs): Traffic | undefined {
  const bytesOf = new Map(days.map(({ day, bytes }) => [day, bytes]))
  const whole = Array.from({ length: MONTH_DAYS }, (_, ago) =>
    bytesOf.get(new Date(now - (ago + 1) * DAY_MS).toISOString().slice(0, 10)),
  )
  const known = whole.filter((bytes) => bytes !== undefined)
  if (known.length === 0) return undefined
  return { day: whole[0] ?? 0, month: known.reduce((sum, bytes) => sum + bytes, 0) }
}
