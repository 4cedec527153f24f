import type { EpochSeconds } from '#base/time.ts'
import { sipHash24 } from './siphash.ts'

/**
 * DNS cookies (RFC 7873) as all servers of a zone make them alike (RFC 9018):
 *
 *     client's 8 bytes | version 1 | reserved (3) | time (4) | SipHash-2-4 (8)
 *
 * Whoever brings a good one has the address he seems to have.
 */
export const CLIENT_COOKIE_BYTES = 8
export const COOKIE_BYTES = 24
export const COOKIE_SECRET_BYTES = 16
const VERSION = 1
/** RFC 9018, 4.3: good for an hour, and five minutes from a clock that is ahead. */
const AGE_SECONDS_MAX = 3600
const AHEAD_SECONDS_MAX = 300
const HASH_AT = 16
const TIME_AT = 12

/** The whole option's value for an answer. `address` has 4 or 16 bytes. */
export function makeCookie(
  client: Uint8Array,
  address: Uint8Array,
  secret: Uint8Array,
  now: EpochSeconds,
): Uint8Array {
  const cookie = Buffer.alloc(COOKIE_BYTES)
  cookie.set(client.subarray(0, CLIENT_COOKIE_BYTES))
  cookie[CLIENT_COOKIE_BYTES] = VERSION
  cookie.writeUInt32BE(now >>> 0, TIME_AT)
  cookie.set(hashOf(cookie, address, secret), HASH_AT)
  return cookie
}

export function isGoodCookie(
  cookie: Uint8Array,
  address: Uint8Array,
  secrets: readonly Uint8Array[],
  now: EpochSeconds,
): boolean {
  if (cookie.byteLength !== COOKIE_BYTES || cookie[CLIENT_COOKIE_BYTES] !== VERSION) return false
  const bytes = Buffer.from(cookie.buffer, cookie.byteOffset, cookie.byteLength)
  const age = ((now >>> 0) - bytes.readUInt32BE(TIME_AT)) | 0
  if (age > AGE_SECONDS_MAX || age < -AHEAD_SECONDS_MAX) return false
  const given = bytes.subarray(HASH_AT)
  return secrets.some((secret) => given.equals(hashOf(bytes, address, secret)))
}

function hashOf(cookie: Uint8Array, address: Uint8Array, secret: Uint8Array): Uint8Array {
  return sipHash24(secret, Buffer.concat([cookie.subarray(0, HASH_AT), address]))
}
