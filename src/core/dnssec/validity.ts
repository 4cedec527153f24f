import { type EpochSeconds, epochSeconds } from '#base/time.ts'

export interface Validity {
  readonly from: EpochSeconds
  readonly until: EpochSeconds
}

/** Clocks of validators may be an hour behind. */
const BEFORE_SECONDS = 3600
const VALID_SECONDS = 7 * 86_400
/** Five days before the end: longer than any TTL, and than a weekend on which nobody looks. */
const RENEW_SECONDS = 2 * 86_400

/** Of a signature that is made now. From `renewAt` on another is made and sent. */
export function validityOf(now: EpochSeconds): Validity & { readonly renewAt: EpochSeconds } {
  return {
    from: epochSeconds(now - BEFORE_SECONDS),
    until: epochSeconds(now + VALID_SECONDS),
    renewAt: epochSeconds(now + RENEW_SECONDS),
  }
}

/** Whatever is sent now was signed at most this long ago, so it holds until then at least. */
export function heldAtLeastUntil(now: EpochSeconds): EpochSeconds {
  return epochSeconds(now + VALID_SECONDS - RENEW_SECONDS)
}
