/** The data of DNSSEC's records, as bytes (RFC 4034, RFC 6605). */
import { createHash } from 'node:crypto'
import { type DnsName, nameToWire } from '#formats/dns-message/index.ts'

/** ECDSA on P-256 with SHA-256 (RFC 6605): small signatures, and every validator has it. */
export const ALGORITHM = 13
/** SHA-256 (RFC 4509). */
export const DIGEST_TYPE = 2
/** Zone key, and secure entry point: one key does both, so it is a combined signing key. */
export const KEY_FLAGS = 257
/** Always (RFC 4034, 2.1.2). */
const KEY_PROTOCOL = 3
/** X and Y of a point of the curve (RFC 6605, 4). */
export const PUBLIC_KEY_BYTES = 64

const TYPES_PER_WINDOW = 256

export function dnskeyData(publicKey: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.of(KEY_FLAGS >> 8, KEY_FLAGS & 0xff, KEY_PROTOCOL, ALGORITHM),
    publicKey,
  ])
}

/** RFC 4034, appendix B. Two keys may share one. */
export function keyTag(dnskey: Uint8Array): number {
  let sum = 0
  for (const [at, byte] of dnskey.entries()) sum += at % 2 === 0 ? byte << 8 : byte
  return (sum + (sum >>> 16)) & 0xffff
}

/** What the parent zone says of a key; the data of CDS is the same. */
export function dsData(owner: DnsName, dnskey: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(keyTag(dnskey))
  head[2] = ALGORITHM
  head[3] = DIGEST_TYPE
  const digest = createHash('sha256').update(nameToWire(owner)).update(dnskey).digest()
  return Buffer.concat([head, digest])
}

/** RFC 4034, 4.1: the next name, never compressed, and which types there are. */
export function nsecData(next: Uint8Array, types: readonly number[]): Buffer {
  return Buffer.concat([next, typeBitmap(types)])
}

/** RFC 4034, 4.1.2: windows of 256 types, each as long as its last type needs. */
export function typeBitmap(types: readonly number[]): Buffer {
  const windows = new Map<number, Buffer>()
  for (const type of types.toSorted((a, b) => a - b)) {
    const window = type >> 8
    const bits = windows.get(window) ?? Buffer.alloc(TYPES_PER_WINDOW / 8)
    const at = (type & 0xff) >> 3
    bits[at] = (bits[at] ?? 0) | (0x80 >> (type & 7))
    windows.set(window, bits)
  }
  return Buffer.concat(
    [...windows].flatMap(([window, bits]) => {
      const used = bits.findLastIndex((byte) => byte !== 0) + 1
      return [Buffer.of(window, used), bits.subarray(0, used)]
    }),
  )
}
