import { verify } from 'node:crypto'
import type { EpochMs } from '#base/time.ts'
import type { Certificate } from './certificate.ts'
import { type ChainFault, nameOf, verifyChain } from './chain.ts'
import { readItem, TAG } from './der.ts'
import { type ClamsignFileFault, decodeSignature, PKCS7_TYPE, parseClamsign } from './file.ts'
import { OID } from './oid.ts'
import { parseSignedData, type SignedData, type SignerInfo } from './signed-data.ts'
import type { TrustedCertificates } from './trust.ts'

/**
 * What an engine of 1.5 and later makes of a `.sign` (formats.md 3.3). The first line that is for its functionality
 * level decides. `bad` is final: the engine refuses the file and never falls back. After `cannot-try` it goes by the
 * signature inside the file, so a publisher who signs must not ship such a `.sign` either.
 */
export type ClamsignVerdict =
  | { readonly kind: 'good'; readonly signer: string; readonly line: number }
  | { readonly kind: 'bad'; readonly reason: BadReason; readonly line: number }
  | { readonly kind: 'cannot-try'; readonly reason: CannotTryReason }

export type BadReason =
  | { readonly kind: 'no-signer' }
  | { readonly kind: 'content-inside' }
  | { readonly kind: 'signer-certificate-missing' }
  | { readonly kind: 'unsupported-algorithm'; readonly oid: string }
  | { readonly kind: 'attributes-missing' }
  | { readonly kind: 'other-content' }
  | { readonly kind: 'signature-differs' }
  | ChainFault

export type CannotTryReason =
  | ClamsignFileFault
  | { readonly kind: 'no-usable-line'; readonly level: number }
  | { readonly kind: 'unsupported-type'; readonly line: number; readonly type: string }
  | { readonly kind: 'not-base64'; readonly line: number }
  | { readonly kind: 'not-pkcs7'; readonly line: number }

export interface ClamsignOptions {
  readonly trust: TrustedCertificates
  /** Certificates are valid at this time or not; when the signing was done does not count. */
  readonly now: EpochMs
  /** Functionality level of the engine. */
  readonly level?: number
}

/** Of engine 1.5.0, the first to look for these files. */
export const FIRST_CLAMSIGN_LEVEL = 230

/** `sha256` is that of the whole file that the signature is for. */
export function verifyClamsign(
  text: string,
  sha256: Uint8Array,
  options: ClamsignOptions,
): ClamsignVerdict {
  const { trust, now, level = FIRST_CLAMSIGN_LEVEL } = options
  const file = parseClamsign(text)
  if (!file.ok) return { kind: 'cannot-try', reason: file.fault }
  const usable = file.value.signatures.find(
    ({ minLevel, maxLevel = Number.POSITIVE_INFINITY }) => level >= minLevel && level <= maxLevel,
  )
  if (usable === undefined) return cannotTry({ kind: 'no-usable-line', level })
  const { line, type, data } = usable
  if (type !== PKCS7_TYPE) return cannotTry({ kind: 'unsupported-type', line, type })
  const bytes = decodeSignature(data)
  if (bytes === undefined) return cannotTry({ kind: 'not-base64', line })
  const signed = parseSignedData(bytes)
  if (signed === undefined) return cannotTry({ kind: 'not-pkcs7', line })
  const names: string[] = []
  const reason = judge(signed, sha256, (signer, others) => {
    names.push(nameOf(signer))
    const chain = verifyChain(signer, others, trust, now)
    return chain.ok ? undefined : chain.fault
  })
  return reason === undefined
    ? { kind: 'good', signer: names.join(', '), line }
    : { kind: 'bad', reason, line }
}

function cannotTry(reason: CannotTryReason): ClamsignVerdict {
  return { kind: 'cannot-try', reason }
}

/** Every signer must hold. Whom to believe is asked before the arithmetic, so that the reason names the person. */
function judge(
  signed: SignedData,
  sha256: Uint8Array,
  distrust: (signer: Certificate, others: readonly Certificate[]) => ChainFault | undefined,
): BadReason | undefined {
  if (signed.signers.length === 0) return { kind: 'no-signer' }
  if (signed.hasContent) return { kind: 'content-inside' }
  for (const info of signed.signers) {
    const certificate = signed.certificates.find(
      ({ issuer, serial }) => equal(issuer, info.issuer) && equal(serial, info.serial),
    )
    if (certificate === undefined) return { kind: 'signer-certificate-missing' }
    const reason =
      distrust(certificate, signed.certificates) ?? signatureFault(info, certificate, sha256)
    if (reason !== undefined) return reason
  }
  return undefined
}

function signatureFault(
  info: SignerInfo,
  { x509 }: Certificate,
  sha256: Uint8Array,
): BadReason | undefined {
  const { digestOid, signatureOid, signedBytes, attributes, signature } = info
  if (digestOid !== OID.sha256) return { kind: 'unsupported-algorithm', oid: digestOid }
  const keyType = KEY_TYPE[signatureOid]
  if (keyType === undefined || keyType !== x509.publicKey.asymmetricKeyType) {
    return { kind: 'unsupported-algorithm', oid: signatureOid }
  }
  const contentType = readItem(attributes.get(OID.contentType) ?? NOTHING, TAG.oid)
  const digest = readItem(attributes.get(OID.messageDigest) ?? NOTHING, TAG.octetString)
  if (signedBytes === undefined || contentType === undefined || digest === undefined) {
    return { kind: 'attributes-missing' }
  }
  if (!equal(digest.body, sha256)) return { kind: 'other-content' }
  return isSignature(signedBytes, x509.publicKey, signature)
    ? undefined
    : { kind: 'signature-differs' }
}

const NOTHING = new Uint8Array(0)
const KEY_TYPE: Readonly<Record<string, string>> = {
  [OID.rsaEncryption]: 'rsa',
  [OID.sha256WithRsa]: 'rsa',
  [OID.ecdsaWithSha256]: 'ec',
}

function isSignature(
  bytes: Uint8Array,
  key: Certificate['x509']['publicKey'],
  signature: Uint8Array,
): boolean {
  try {
    return verify('sha256', bytes, key, signature)
  } catch {
    return false
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
