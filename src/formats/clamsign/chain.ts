import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { EpochMs } from '#base/time.ts'
import { type Certificate, sameCertificate } from './certificate.ts'
import { CERTIFICATE_SIGNATURES, OID } from './oid.ts'
import type { TrustedCertificates } from './trust.ts'

/**
 * From a signer to a trusted root, and whether each on the way may do what it did. The rules are OpenSSL's for
 * "S/MIME signing", which is what engines ask for (formats.md 3.3): validity against now, purposes also of the
 * issuers, no revocation lists. Stricter than OpenSSL in two points: MD5 and SHA-1 under a certificate are not
 * believed, and name constraints are refused, not honoured.
 */
export type ChainFault =
  | { readonly kind: 'unknown-issuer'; readonly of: string }
  | { readonly kind: 'not-yet-valid'; readonly of: string; readonly from: EpochMs }
  | { readonly kind: 'expired'; readonly of: string; readonly since: EpochMs }
  | { readonly kind: 'unsuitable-purpose'; readonly of: string; readonly why: string }
  | { readonly kind: 'not-an-authority'; readonly of: string }
  | { readonly kind: 'path-too-long'; readonly of: string }
  | { readonly kind: 'unhandled-extension'; readonly of: string; readonly oid: string }
  | { readonly kind: 'weak-certificate-signature'; readonly of: string; readonly oid: string }
  | { readonly kind: 'chain-too-long' }

/** Guess: real chains have three. */
const CHAIN_MAX = 8
/** Checks of a signature while looking for a way; a hostile heap of certificates ends here. */
const CHECKS_MAX = 64
const KEY_CERT_SIGN = 0x04
const DIGITAL_SIGNATURE = 0x80
const NON_REPUDIATION = 0x40
/** Bits of the old Netscape extension. */
const NETSCAPE_CLIENT = 0x80
const NETSCAPE_EMAIL = 0x20
const NETSCAPE_ANY_AUTHORITY = 0x07

/** The chain from `signer` to a root, both included. */
export function verifyChain(
  signer: Certificate,
  others: readonly Certificate[],
  trust: TrustedCertificates,
  now: EpochMs,
): Outcome<readonly Certificate[], ChainFault> {
  const chain = findChain(signer, others, trust)
  if (!chain.ok) return chain
  for (const [depth, certificate] of chain.value.entries()) {
    const isRoot = depth === chain.value.length - 1
    const fault =
      validityFault(certificate, now) ??
      extensionFault(certificate) ??
      (depth === 0 ? signerFault(certificate) : authorityFault(certificate, depth)) ??
      (isRoot ? undefined : weaknessFault(certificate))
    if (fault !== undefined) return fail(fault)
  }
  return chain
}

/** May this certificate sign files? Asked also before one signs. */
export function signerFault(certificate: Certificate): ChainFault | undefined {
  const { keyUsage, netscapeCertType } = certificate.extensions
  const unsuitable = (why: string): ChainFault => {
    return { kind: 'unsuitable-purpose', of: nameOf(certificate), why }
  }
  if (!isForEmail(certificate)) return unsuitable(NO_EMAIL)
  if (netscapeCertType !== undefined && !(netscapeCertType & (NETSCAPE_EMAIL | NETSCAPE_CLIENT))) {
    return unsuitable('its Netscape type is neither S/MIME nor client')
  }
  if (keyUsage !== undefined && !(keyUsage & (DIGITAL_SIGNATURE | NON_REPUDIATION))) {
    return unsuitable('its key usage lacks digitalSignature')
  }
  return undefined
}

export function validityFault(certificate: Certificate, now: EpochMs): ChainFault | undefined {
  const of = nameOf(certificate)
  if (now < certificate.notBefore) return { kind: 'not-yet-valid', of, from: certificate.notBefore }
  if (now > certificate.notAfter) return { kind: 'expired', of, since: certificate.notAfter }
  return undefined
}

/** Its common name, or its whole subject where it has none. */
export function nameOf({ commonName, x509 }: Certificate): string {
  return commonName ?? x509.subject.replaceAll('\n', ', ')
}

const NO_EMAIL = 'its extended key usage lacks emailProtection'

function isForEmail({ extensions }: Certificate): boolean {
  return extensions.extendedKeyUsage?.includes(OID.emailProtection) ?? true
}

function authorityFault(certificate: Certificate, depth: number): ChainFault | undefined {
  const of = nameOf(certificate)
  const { basicConstraints, keyUsage, netscapeCertType } = certificate.extensions
  if (!isForEmail(certificate)) return { kind: 'unsuitable-purpose', of, why: NO_EMAIL }
  if (keyUsage !== undefined && !(keyUsage & KEY_CERT_SIGN)) return { kind: 'not-an-authority', of }
  if (basicConstraints === undefined) {
    const oldRoot = certificate.version === 1 && certificate.selfIssued
    const byNetscape = ((netscapeCertType ?? 0) & NETSCAPE_ANY_AUTHORITY) !== 0
    return oldRoot || keyUsage !== undefined || byNetscape
      ? undefined
      : { kind: 'not-an-authority', of }
  }
  if (!basicConstraints.ca) return { kind: 'not-an-authority', of }
  // Authorities between this one and the signer, which is not one itself.
  const below = depth - 1
  return basicConstraints.pathLength !== undefined && below > basicConstraints.pathLength
    ? { kind: 'path-too-long', of }
    : undefined
}

function extensionFault(certificate: Certificate): ChainFault | undefined {
  const oid = certificate.extensions.unhandled
  return oid === undefined
    ? undefined
    : { kind: 'unhandled-extension', of: nameOf(certificate), oid }
}

function weaknessFault(certificate: Certificate): ChainFault | undefined {
  const oid = certificate.signatureOid
  return CERTIFICATE_SIGNATURES.has(oid)
    ? undefined
    : { kind: 'weak-certificate-signature', of: nameOf(certificate), oid }
}

function findChain(
  signer: Certificate,
  others: readonly Certificate[],
  trust: TrustedCertificates,
): Outcome<readonly Certificate[], ChainFault> {
  const search: Search = {
    candidates: [...trust.certificates, ...others],
    isRoot: (last) => trust.certificates.some((root) => sameCertificate(root, last)),
    checks: 0,
    stuckAt: signer,
  }
  const chain = chainFrom([], signer, search)
  if (chain !== undefined) return ok(chain)
  if (search.checks > CHECKS_MAX) return fail({ kind: 'chain-too-long' })
  return fail({ kind: 'unknown-issuer', of: nameOf(search.stuckAt) })
}

interface Search {
  readonly candidates: readonly Certificate[]
  readonly isRoot: (certificate: Certificate) => boolean
  checks: number
  /** The last one for which nobody vouched. */
  stuckAt: Certificate
}

function chainFrom(
  before: readonly Certificate[],
  last: Certificate,
  search: Search,
): readonly Certificate[] | undefined {
  const path = [...before, last]
  if (last.selfIssued) return search.isRoot(last) ? path : undefined
  if (path.length >= CHAIN_MAX) return undefined
  search.stuckAt = last
  const issuers = search.candidates.filter((issuer) => {
    return last.x509.checkIssued(issuer.x509) && !path.some((one) => sameCertificate(one, issuer))
  })
  for (const issuer of issuers) {
    search.checks += 1
    if (search.checks > CHECKS_MAX) return undefined
    const chain = isSignedBy(last, issuer) ? chainFrom(path, issuer, search) : undefined
    if (chain !== undefined) return chain
  }
  return undefined
}

function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.x509.verify(issuer.x509.publicKey)
  } catch {
    // A key of a kind that cannot make this signature.
    return false
  }
}
