import { type EpochSeconds, epochSeconds } from '#base/time.ts'

/**
 * Field 1 of a header: local time in the C locale, `22 Jun 2021 14-58 -0400`. A dash stands between hour and minute
 * because a colon separates fields (formats.md 1.1). Seconds are not in it; field 8 has them.
 */
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const BUILD_TIME = /^(\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d)-(\d\d) ([+-])(\d\d)(\d\d)$/
/** As far from Greenwich as any place is, in minutes. */
const UTC_OFFSET_MINUTES_MAX = 14 * 60

/** The start of the minute that the text names; undefined when it names none. */
export function parseBuildTime(text: string): EpochSeconds | undefined {
  const match = BUILD_TIME.exec(text)
  if (match === null) return undefined
  const [, day = '', month = '', year = '', hour = '', minute = '', sign, zoneHour, zoneMinute] =
    match
  const offset = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1)
  const local = Date.UTC(
    Number(year),
    MONTHS.indexOf(month),
    Number(day),
    Number(hour),
    Number(minute),
  )
  if (Number(zoneMinute) > 59 || Math.abs(offset) > UTC_OFFSET_MINUTES_MAX) return undefined
  if (Number.isNaN(local) || printLocal(local) !== text.slice(0, -6)) return undefined
  return epochSeconds(local / 1000 - offset * 60)
}

export function printBuildTime(at: EpochSeconds, utcOffsetMinutes: number): string {
  const minutes = Math.abs(utcOffsetMinutes)
  const zone = `${utcOffsetMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`
  return `${printLocal((at + utcOffsetMinutes * 60) * 1000)} ${zone}`
}

/** Prints what `Date.UTC` made of the fields, so that 31 February does not come back as it was written. */
function printLocal(localMs: number): string {
  const date = new Date(localMs)
  const month = MONTHS[date.getUTCMonth()] ?? ''
  const day = `${two(date.getUTCDate())} ${month} ${String(date.getUTCFullYear()).padStart(4, '0')}`
  return `${day} ${two(date.getUTCHours())}-${two(date.getUTCMinutes())}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
