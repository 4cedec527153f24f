import type { Brand } from './brand.ts'

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = Brand<number, 'EpochMs'>
/** Whole seconds since 1970-01-01T00:00:00Z, as headers and `timestamp` files carry them. */
export type EpochSeconds = Brand<number, 'EpochSeconds'>

export function epochMs(value: number): EpochMs {
  return value as EpochMs
}

export function epochSeconds(value: number): EpochSeconds {
  return value as EpochSeconds
}

export function toSeconds(time: EpochMs): EpochSeconds {
  return epochSeconds(Math.floor(time / 1000))
}

export function toMs(time: EpochSeconds): EpochMs {
  return epochMs(time * 1000)
}

/** `2026-11-24T08:30:00Z`: RFC 3339 in UTC, to the second. */
export function rfc3339(time: EpochSeconds): string {
  return new Date(time * 1000).toISOString().replace('.000Z', 'Z')
}
