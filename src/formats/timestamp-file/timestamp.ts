import { type Generation, generation, type Serial, serial } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type EpochSeconds, epochSeconds, rfc3339 } from '#base/time.ts'

/**
 * `timestamp`: the file that proves when the network last reached a mirror (R110, decision 7).
 *
 *     1795509000
 *     2026-11-24T08:30:00Z
 *     serial 12 generation 40
 *
 * Three lines, LF at the end of each. The second line is for people; both must name the same second, so that a file
 * mended by hand is noticed. Nothing else is accepted: a captive portal's page or half a file is a fault.
 */
export interface Timestamp {
  readonly stampedAt: EpochSeconds
  readonly serial: Serial
  readonly generation: Generation
}

export type TimestampFault =
  | { readonly kind: 'too-long'; readonly chars: number; readonly charsMax: number }
  | { readonly kind: 'not-three-lines' }
  | { readonly kind: 'bad-seconds' }
  | { readonly kind: 'times-differ' }
  | { readonly kind: 'bad-numbers' }

/** Our longest file has 11 + 21 + 42 characters; an endless answer of a hostile mirror ends here. */
export const TIMESTAMP_CHARS_MAX = 256
/** 9999-12-31T23:59:59Z: beyond it RFC 3339 has no spelling. */
const SECONDS_MAX = 253_402_300_799

export function parseTimestamp(text: string): Outcome<Timestamp, TimestampFault> {
  if (text.length > TIMESTAMP_CHARS_MAX) {
    return fail({ kind: 'too-long', chars: text.length, charsMax: TIMESTAMP_CHARS_MAX })
  }
  const [seconds, readable, numbers, rest, ...more] = text.split('\n')
  if (seconds === undefined || numbers === undefined || rest !== '' || more.length > 0) {
    return fail({ kind: 'not-three-lines' })
  }
  if (!/^(0|[1-9]\d{0,11})$/.test(seconds) || Number(seconds) > SECONDS_MAX) {
    return fail({ kind: 'bad-seconds' })
  }
  const stampedAt = epochSeconds(Number(seconds))
  if (readable !== rfc3339(stampedAt)) return fail({ kind: 'times-differ' })
  const match = /^serial (0|[1-9]\d{0,9}) generation (0|[1-9]\d{0,9})$/.exec(numbers)
  const serialNumber = serial(Number(match?.[1] ?? Number.NaN))
  const generationNumber = generation(Number(match?.[2] ?? Number.NaN))
  if (serialNumber === undefined || generationNumber === undefined) {
    return fail({ kind: 'bad-numbers' })
  }
  return ok({ stampedAt, serial: serialNumber, generation: generationNumber })
}

export function printTimestamp(stamp: Timestamp): string {
  return `${stamp.stampedAt}\n${rfc3339(stamp.stampedAt)}\nserial ${stamp.serial} generation ${stamp.generation}\n`
}
