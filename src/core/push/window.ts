/** Minutes after midnight UTC between which a mirror may be pushed to; wraps at midnight. */
export interface PushWindow {
  readonly from: number
  readonly until: number
}

const MINUTE_MS = 60_000
const MINUTES_AN_HOUR = 60
const MINUTES_A_DAY = 24 * MINUTES_AN_HOUR

/** Whether a mirror may be pushed to at this minute of the day (UTC); its operator may have asked for quiet hours. */
export function isPushTime(window: PushWindow | undefined, minuteOfDay: number): boolean {
  if (window === undefined || window.from === window.until) return true
  const minute = ((minuteOfDay % MINUTES_A_DAY) + MINUTES_A_DAY) % MINUTES_A_DAY
  return window.from < window.until
    ? minute >= window.from && minute < window.until
    : minute >= window.from || minute < window.until
}

/** `ms` since the epoch; UTC has no minute that is not of sixty seconds there. */
export function minuteOfDay(ms: number): number {
  return Math.floor(ms / MINUTE_MS) % MINUTES_A_DAY
}

/** `22:30-06:00`, UTC. Undefined when it is something else, or never closes. */
export function parsePushWindow(text: string): PushWindow | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(text)
  if (match === null) return undefined
  const [fromHour = 0, fromMinute = 0, untilHour = 0, untilMinute = 0] = match.slice(1).map(Number)
  const from = fromHour * MINUTES_AN_HOUR + fromMinute
  const until = untilHour * MINUTES_AN_HOUR + untilMinute
  return from === until ? undefined : { from, until }
}

export function printPushWindow({ from, until }: PushWindow): string {
  return `${timeOfDay(from)}-${timeOfDay(until)}`
}

function timeOfDay(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minute / MINUTES_AN_HOUR))}:${two(minute % MINUTES_AN_HOUR)}`
}
