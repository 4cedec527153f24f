import { type EpochSeconds, epochSeconds } from '#base/time.ts'

/**
 * For how long a server may keep a client away: as long as freshclam stays away after a 403, its longest wait (formats.md
 * 5.5). Over plain HTTP anybody on the way can say 429, and ten digits of seconds are three centuries without updates.
 */
const LEFT_ALONE_SECONDS_MAX = 24 * 3600

/** Seconds that are kept of those that a server asks for. */
export function boundedWait(seconds: number): number {
  return Math.min(seconds, LEFT_ALONE_SECONDS_MAX)
}

/**
 * Until when a client keeps still, by what it remembers; undefined: it does not. A time further away than anybody may ask
 * for comes of a clock that was put back, or of a freshclam that believed what it was told.
 */
export function quietUntil(
  retryAfter: EpochSeconds | undefined,
  now: EpochSeconds,
): EpochSeconds | undefined {
  if (retryAfter === undefined || retryAfter <= now) return undefined
  return retryAfter <= epochSeconds(now + LEFT_ALONE_SECONDS_MAX) ? retryAfter : undefined
}
