import assert from 'node:assert'
import { type KeyObject, sign } from 'node:crypto'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type EpochMs, toSeconds } from '#base/time.ts'
import type { Certificate } from './certificate.ts'
import { type ChainFault, nameOf, signerFault, validityFault } from './chain.ts'
import { der, derOid, derSet, TAG } from './der.ts'
import { type ClamsignLine, PKCS7_TYPE } from './file.ts'
import { OID } from './oid.ts'
import { FIRST_CLAMSIGN_LEVEL } from './verify.ts'

/**
 * Makes the line of a `.sign`: detached PKCS#7 SignedData with SHA-256, signed attributes and the signer's certificates,
 * without the root (formats.md 3.1). `openssl cms -verify` and `openssl smime -verify` accept it. What engines would
 * refuse is not made in the first place: an expired certificate, one for code signing only, a key that is another's.
 */
export interface SignOptions {
  readonly signer: Certificate
  /** What leads from the signer to the root, the root left out. */
  readonly intermediates: readonly Certificate[]
  /** RSA or EC. */
  readonly key: KeyObject
  readonly now: EpochMs
  readonly minLevel?: number
  readonly maxLevel?: number
}

export type SignFault =
  | { readonly kind: 'unsupported-key'; readonly type: string }
  | { readonly kind: 'key-of-another'; readonly of: string }
  | ChainFault

export function signClamsign(
  sha256: Uint8Array,
  options: SignOptions,
): Outcome<Omit<ClamsignLine, 'line'>, SignFault> {
  assert(sha256.byteLength === 32)
  const { signer, intermediates, key, now, minLevel = FIRST_CLAMSIGN_LEVEL, maxLevel } = options
  const algorithm = algorithmOf(key)
  if (algorithm === undefined) {
    return fail({ kind: 'unsupported-key', type: key.asymmetricKeyType ?? key.type })
  }
  if (!signer.x509.checkPrivateKey(key)) return fail({ kind: 'key-of-another', of: nameOf(signer) })
  const unfit =
    signerFault(signer) ??
    [signer, ...intermediates]
      .map((certificate) => validityFault(certificate, now))
      .find((fault) => fault !== undefined)
  if (unfit !== undefined) return fail(unfit)
  const attributes = [
    attribute(OID.contentType, derOid(OID.data)),
    attribute(OID.signingTime, derTime(now)),
    attribute(OID.messageDigest, der(TAG.octetString, sha256)),
  ]
  const signature = sign('sha256', derSet(TAG.set, attributes), key)
  const signerInfo = der(
    TAG.sequence,
    ONE,
    der(TAG.sequence, signer.issuer, signer.serial),
    SHA256,
    derSet(TAG.context0, attributes),
    algorithm,
    der(TAG.octetString, signature),
  )
  const signedData = der(
    TAG.sequence,
    ONE,
    der(TAG.set, SHA256),
    der(TAG.sequence, derOid(OID.data)),
    der(TAG.context0, ...[signer, ...intermediates].map(({ raw }) => raw)),
    der(TAG.set, signerInfo),
  )
  const whole = der(TAG.sequence, derOid(OID.signedData), der(TAG.context0, signedData))
  return ok({
    minLevel,
    ...(maxLevel === undefined ? {} : { maxLevel }),
    type: PKCS7_TYPE,
    data: Buffer.from(whole).toString('base64'),
  })
}

const ONE = der(TAG.integer, Uint8Array.of(1))
const NULL = der(TAG.null)
const SHA256 = der(TAG.sequence, derOid(OID.sha256), NULL)

function algorithmOf(key: KeyObject): Uint8Array | undefined {
  if (key.type !== 'private') return undefined
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return der(TAG.sequence, derOid(OID.rsaEncryption), NULL)
    case 'ec':
      return der(TAG.sequence, derOid(OID.ecdsaWithSha256))
    default:
      return undefined
  }
}

function attribute(oid: string, value: Uint8Array): Uint8Array {
  return der(TAG.sequence, derOid(oid), der(TAG.set, value))
}

/** Two digits of the year until 2049, four from then on (RFC 5652, 11.3). */
function derTime(now: EpochMs): Uint8Array {
  const text = new Date(toSeconds(now) * 1000).toISOString().replaceAll(/[-:T]|\.000/g, '')
  const short = text >= '1950' && text < '2050'
  const tag = short ? TAG.utcTime : TAG.generalizedTime
  return der(tag, Buffer.from(short ? text.slice(2) : text, 'latin1'))
}
