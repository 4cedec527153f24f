import { fail, type Outcome, ok } from '#base/outcome.ts'

/**
 * What stands before the deflated data in a gzip member (RFC 1952, 2.3). sigtool writes ten bytes; others may add a
 * file name or a comment.
 */
export type GzipHeaderFault =
  | { readonly kind: 'not-gzip' }
  | { readonly kind: 'gzip-header-too-long' }

const MAGIC = [0x1f, 0x8b, 0x08] as const
const FIXED_BYTES = 10
const FLAGS_AT = 3
const HAS_CHECKSUM = 0x02
const HAS_EXTRA = 0x04
const HAS_NAME = 0x08
const HAS_COMMENT = 0x10
const RESERVED = 0xe0
/** Guess: a file name and a comment, with room to spare. */
export const GZIP_HEADER_BYTES_MAX = 1024

/** Length of the header at the start of `bytes`; undefined when more bytes are needed to tell. */
export function gzipHeaderLength(bytes: Uint8Array): Outcome<number | undefined, GzipHeaderFault> {
  if (MAGIC.some((byte, at) => at < bytes.byteLength && bytes[at] !== byte)) {
    return fail({ kind: 'not-gzip' })
  }
  const flags = bytes[FLAGS_AT] ?? 0
  if ((flags & RESERVED) !== 0) return fail({ kind: 'not-gzip' })
  let length: number | undefined = FIXED_BYTES
  if (flags & HAS_EXTRA) {
    length += 2 + (bytes[length] ?? 0) + (bytes[length + 1] ?? 0) * 256
  }
  for (const flag of [HAS_NAME, HAS_COMMENT]) {
    if (length !== undefined && flags & flag) length = afterNul(bytes, length)
  }
  if (length !== undefined && flags & HAS_CHECKSUM) length += 2
  const known = length !== undefined && length <= bytes.byteLength
  if (!known && bytes.byteLength >= GZIP_HEADER_BYTES_MAX) {
    return fail({ kind: 'gzip-header-too-long' })
  }
  return ok(known ? length : undefined)
}

function afterNul(bytes: Uint8Array, from: number): number | undefined {
  const at = bytes.indexOf(0, from)
  return at < 0 ? undefined : at + 1
}
