/**
 * Dates in HTTP fields (RFC 9110 5.6.7): written in the one preferred form, read in all three.
 * freshclam writes the preferred form; 1.0 proxies of 2004 still wrote the other two.
 */
import { type EpochSeconds, epochSeconds } from '#base/time.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)'
const PREFERRED = new RegExp(`^[A-Z][a-z]{2}, (\\d\\d) ([A-Z][a-z]{2}) (\\d{4}) ${TIME} GMT$`)
const RFC_850 = new RegExp(`^[A-Z][a-z]{5,8}, (\\d\\d)-([A-Z][a-z]{2})-(\\d\\d) ${TIME} GMT$`)
const ASCTIME = new RegExp(`^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \\d]\\d) ${TIME} (\\d{4})$`)
/** RFC 850 has two digits for the year. HTTP is younger than 1970, so smaller ones are of this century. */
const CENTURY_TURNS_AT = 70

/** `Tue, 22 Jun 2021 18:58:22 GMT`. */
export function formatHttpDate(time: EpochSeconds): string {
  return new Date(time * 1000).toUTCString()
}

/** Undefined for anything that is not a date in one of the three forms: such a field is ignored. */
export function parseHttpDate(text: string): EpochSeconds | undefined {
  const preferred = PREFERRED.exec(text)
  if (preferred) {
    const [, day, month, year, ...time] = preferred
    return toTime(year, month, day, time)
  }
  const rfc850 = RFC_850.exec(text)
  if (rfc850) {
    const [, day, month, short, ...time] = rfc850
    const year = Number(short) + (Number(short) < CENTURY_TURNS_AT ? 2000 : 1900)
    return toTime(String(year), month, day, time)
  }
  const asctime = ASCTIME.exec(text)
  if (asctime) {
    const [, month, day, hours = '', minutes = '', seconds = '', year] = asctime
    return toTime(year, month, day, [hours, minutes, seconds])
  }
  return undefined
}

function toTime(
  year: string | undefined,
  monthName: string | undefined,
  day: string | undefined,
  time: readonly string[],
): EpochSeconds | undefined {
  const month = MONTHS.indexOf(monthName ?? '')
  const [hours, minutes, seconds] = time.map(Number)
  if (month < 0 || hours === undefined || minutes === undefined || seconds === undefined) {
    return undefined
  }
  if (hours > 23 || minutes > 59 || seconds > 60) return undefined
  const ms = Date.UTC(Number(year), month, Number(day), hours, minutes, seconds)
  return new Date(ms).getUTCDate() === Number(day) || seconds === 60
    ? epochSeconds(ms / 1000)
    : undefined
}
