import type { EpochSeconds } from '#base/time.ts'
import { parseHttpDate } from './http-date.ts'

/** More digits are three centuries and longer: no wait that anybody means. */
const SECONDS = /^\d{1,10}$/

/** How long to wait, in seconds from `now` on (RFC 9110 10.2.3). Zero for a date that is over, undefined for nonsense. */
export function parseRetryAfter(text: string, now: EpochSeconds): number | undefined {
  if (SECONDS.test(text)) return Number(text)
  const date = parseHttpDate(text)
  return date === undefined ? undefined : Math.max(0, date - now)
}
