import { createHash } from 'node:crypto'
import { HEADER_BYTES, parseHeader, printHeader } from '#formats/cvd/index.ts'
import {
  type PublisherSecrets,
  printSignatureText,
  type RsaPrivateKey,
  signMd5,
} from '#formats/dsig/index.ts'
import { fromBigEndian, modPow } from '#formats/dsig/rsa.ts'

/** Signatures that `signSha256` never makes: the scheme by hand (formats.md 2.3). */

const sha256 = (...parts: readonly Uint8Array[]) =>
  createHash('sha256').update(Buffer.concat(parts)).digest()

/** The encoded message, with a salt of any length and any last byte. */
export function messageByHand(digest: Uint8Array, salt: Uint8Array, trailer = 0xbc): Buffer {
  const hash = sha256(new Uint8Array(8), digest, salt)
  const mask = Buffer.concat(
    [0, 1, 2, 3, 4, 5, 6].map((counter) => sha256(hash, Uint8Array.of(0, 0, 0, counter))),
  )
  const db = Buffer.concat([Buffer.alloc(222 - salt.byteLength), Uint8Array.of(1), salt])
  const masked = db.map((byte, at) => byte ^ (mask[at] ?? 0))
  // Two bits, so that the number is below any modulus.
  masked[0] = (masked[0] ?? 0) & 0x3f
  return Buffer.concat([masked, hash, Uint8Array.of(trailer)])
}

export function signMessage(message: Uint8Array, key: RsaPrivateKey): string {
  return printSignatureText(modPow(fromBigEndian(message), key.d, key.n))
}

export interface SignatureShape {
  /** Whether the first byte of the signed message will do. */
  readonly head: (byte: number) => boolean
  /** In characters of the signature text. */
  readonly charsMax?: number
}

/** With the first salt that gives the shape; one in 64 has a given first byte. */
export function signShaped(
  digest: Uint8Array,
  key: RsaPrivateKey,
  { head, charsMax = Number.POSITIVE_INFINITY }: SignatureShape,
): string {
  for (let at = 0; at < 1_000_000; at += 1) {
    const message = messageByHand(digest, sha256(Buffer.from(`salt ${at}`)))
    if (!head(message[0] ?? 0)) continue
    const text = signMessage(message, key)
    if (text.length <= charsMax) return text
  }
  throw new Error('Cannot find a salt')
}

/** The same members under an MD5 whose first byte will do; a field of the gzip header that nobody reads makes it. */
export function withMd5(
  cvd: Uint8Array,
  secrets: PublisherSecrets,
  first: (byte: number) => boolean,
): Uint8Array {
  const header = parseHeader(cvd.subarray(0, HEADER_BYTES), 'strict')
  if (!header.ok) throw new Error('Cannot read the header')
  const payload = Buffer.from(cvd.subarray(HEADER_BYTES))
  for (let modified = 0; modified < 1_000_000; modified += 1) {
    payload.writeUInt32LE(modified, GZIP_MTIME_AT)
    const md5 = createHash('md5').update(payload).digest()
    if (!first(md5[0] ?? 0)) continue
    const signed = { md5: md5.toString('hex'), dsig: signMd5(md5, secrets.header) }
    return Buffer.concat([printHeader({ ...header.value, ...signed }), payload])
  }
  throw new Error('Cannot find an MD5')
}

/** RFC 1952 2.3. */
const GZIP_MTIME_AT = 4
