import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { SignatureFault } from './fault.ts'

/**
 * The text form of a signature: base 64 with lower case first and the least significant digit first; high zero
 * digits are not written and nothing pads the text (formats.md 2.1, trap 1). Not RFC 4648.
 */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/'
const BITS_PER_CHAR = 6
/** A 2048-bit number takes 342 characters; `.cdiff` readers look for the text in the last 350 bytes. */
const SIGNATURE_CHARS_MAX = 350

const VALUES: ReadonlyMap<string, number> = new Map(
  Array.from(ALPHABET, (char, value) => [char, value]),
)

export function parseSignatureText(text: string): Outcome<bigint, SignatureFault> {
  if (text.length === 0 || text.length > SIGNATURE_CHARS_MAX) {
    return fail({ kind: 'bad-signature-length', chars: text.length })
  }
  let bits = ''
  for (let at = text.length - 1; at >= 0; at -= 1) {
    const value = VALUES.get(text.charAt(at))
    if (value === undefined) return fail({ kind: 'bad-signature-character', at })
    bits += value.toString(2).padStart(BITS_PER_CHAR, '0')
  }
  return ok(BigInt(`0b${bits}`))
}

export function printSignatureText(value: bigint): string {
  let text = ''
  for (let rest = value; rest > 0n; rest >>= 6n) text += ALPHABET.charAt(Number(rest & 63n))
  return text
}
