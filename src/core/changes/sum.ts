const FNV_PRIME = 0x0100_0193
const FNV_START = 0x811c_9dc5
/** Odd, as a multiplier of sums must be; otherwise picked out of thin air. */
const OTHER_PRIME = 0x0085_ebcb
/** Bits of the second sum that a double holds beside 32 of the first. */
const HIGH_BITS = 0x001f_ffff

/**
 * 53 bits about a line: FNV-1a and a second sum of another kind, in one exact double. No proof against anybody:
 * whoever makes two lines with one sum hides a name from an announcement, and nothing else.
 */
export function sumOf(line: Uint8Array): number {
  let low = FNV_START
  let high = line.byteLength
  for (let at = 0; at < line.byteLength; at++) {
    const byte = line[at] ?? 0
    low = Math.imul(low ^ byte, FNV_PRIME)
    high = Math.imul(high + byte, OTHER_PRIME) ^ (high >>> 15)
  }
  return (high & HIGH_BITS) * 2 ** 32 + (low >>> 0)
}
