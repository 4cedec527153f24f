import assert from 'node:assert'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { SignatureFault } from './fault.ts'
import { fromBigEndian, modPow, type RsaPrivateKey, type RsaPublicKey, toBigEndian } from './rsa.ts'
import { parseSignatureText, printSignatureText } from './signature-text.ts'

/**
 * Signature scheme v1, in the header of a CVD: textbook RSA over the 16 bytes of an MD5, without padding
 * (formats.md 2.2). It is as weak as it looks; what protects content is the v2 signature over the SHA-256 of
 * every member. Leading zero bytes of the MD5 are restored here; engines 1.1 to 1.4 fail on them (trap 3).
 */
const MD5_BYTES = 16

export function verifyMd5(
  md5: Uint8Array,
  text: string,
  key: RsaPublicKey,
): Outcome<void, SignatureFault> {
  assert(md5.byteLength === MD5_BYTES)
  const signature = parseSignatureText(text)
  if (!signature.ok) return signature
  if (signature.value >= key.n) return fail({ kind: 'signature-not-below-modulus' })
  const signed = toBigEndian(modPow(signature.value, key.e, key.n), MD5_BYTES)
  if (signed === undefined) return fail({ kind: 'not-by-this-key' })
  return Buffer.compare(signed, md5) === 0 ? ok(undefined) : fail({ kind: 'signs-other-bytes' })
}

export function signMd5(md5: Uint8Array, key: RsaPrivateKey): string {
  assert(md5.byteLength === MD5_BYTES)
  return printSignatureText(modPow(fromBigEndian(md5), key.d, key.n))
}
