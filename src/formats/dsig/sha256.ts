import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { SignatureFault } from './fault.ts'
import { fromBigEndian, modPow, type RsaPrivateKey, type RsaPublicKey, toBigEndian } from './rsa.ts'
import { parseSignatureText, printSignatureText } from './signature-text.ts'

/**
 * Signature scheme v2, in `.info` and `.cdiff`: almost RSASSA-PSS with SHA-256, a salt of 32 bytes and an encoded
 * message of 256 bytes. Only one top bit is cleared where the standard clears two for a 2047-bit key, so library
 * checks refuse genuine signatures (formats.md 2.3; `test-5.cvd` is one).
 *
 *     EM = maskedDB (223) | H (32) | bc        DB = 00 … 00 01 salt (32)
 */
const EM_BYTES = 256
const HASH_BYTES = 32
export const SALT_BYTES = 32
const DB_BYTES = EM_BYTES - HASH_BYTES - 1
const TRAILER = 0xbc
const SALT_MARK = 0x01
const TOP_BIT_CLEARED = 0x7f
/** What is less begins with a zero byte. */
const FULL_LENGTH = 2n ** BigInt(8 * (EM_BYTES - 1))
/** With a 2047-bit modulus fewer than half of the salts give EM >= n, so a fair die needs this many with chance 2^-200. */
const SALTS_MAX = 200

export function verifySha256(
  digest: Uint8Array,
  text: string,
  key: RsaPublicKey,
): Outcome<void, SignatureFault> {
  assert(digest.byteLength === HASH_BYTES)
  const signature = parseSignatureText(text)
  if (!signature.ok) return signature
  if (signature.value >= key.n) return fail({ kind: 'signature-not-below-modulus' })
  const em = toBigEndian(modPow(signature.value, key.e, key.n), EM_BYTES)
  if (em === undefined || em.at(-1) !== TRAILER) return fail({ kind: 'not-by-this-key' })
  const hash = em.subarray(DB_BYTES, DB_BYTES + HASH_BYTES)
  const db = masked(em.subarray(0, DB_BYTES), hash)
  const mark = db.indexOf(SALT_MARK)
  if (mark !== DB_BYTES - SALT_BYTES - 1) return fail({ kind: 'not-by-this-key' })
  const expected = hashOf(digest, db.subarray(mark + 1))
  return Buffer.compare(expected, hash) === 0 ? ok(undefined) : fail({ kind: 'signs-other-bytes' })
}

/** Of a signature that holds: whether its message begins with a zero byte. See `lost-zeros.ts`. */
export function beginsWithZero(text: string, key: RsaPublicKey): boolean {
  const signature = parseSignatureText(text)
  return signature.ok && modPow(signature.value, key.e, key.n) < FULL_LENGTH
}

/**
 * `drawSalt` gives 32 fresh random bytes; it is called again while the encoded message is not below the modulus, or begins
 * with a zero byte, which one in 128 does: see `lost-zeros.ts`.
 */
export function signSha256(
  digest: Uint8Array,
  key: RsaPrivateKey,
  drawSalt: () => Uint8Array,
): string {
  assert(digest.byteLength === HASH_BYTES)
  for (let drawn = 0; drawn < SALTS_MAX; drawn += 1) {
    const salt = drawSalt()
    assert(salt.byteLength === SALT_BYTES)
    const message = fromBigEndian(encode(digest, salt))
    if (message < key.n && message >= FULL_LENGTH)
      return printSignatureText(modPow(message, key.d, key.n))
  }
  throw new Error('Cannot sign: no salt gave a message below the modulus of this key')
}

function encode(digest: Uint8Array, salt: Uint8Array): Uint8Array {
  const hash = hashOf(digest, salt)
  const db = new Uint8Array(DB_BYTES)
  db[DB_BYTES - SALT_BYTES - 1] = SALT_MARK
  db.set(salt, DB_BYTES - SALT_BYTES)
  return Buffer.concat([masked(db, hash), hash, Uint8Array.of(TRAILER)])
}

/** Both directions: the mask is MGF1-SHA-256 of the hash, and the top bit is cleared afterwards. */
function masked(db: Uint8Array, hash: Uint8Array): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let counter = 0; counter * HASH_BYTES < DB_BYTES; counter += 1) {
    blocks.push(
      createHash('sha256')
        .update(hash)
        .update(Uint8Array.of(0, 0, 0, counter))
        .digest(),
    )
  }
  const mask = Buffer.concat(blocks)
  const result = db.map((byte, at) => byte ^ (mask[at] ?? 0))
  result[0] = (result[0] ?? 0) & TOP_BIT_CLEARED
  return result
}

function hashOf(digest: Uint8Array, salt: Uint8Array): Uint8Array {
  return createHash('sha256').update(new Uint8Array(8)).update(digest).update(salt).digest()
}
