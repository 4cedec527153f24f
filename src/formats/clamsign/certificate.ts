import { X509Certificate } from 'node:crypto'
import { type EpochMs, epochMs } from '#base/time.ts'
import { type Der, DerFields, oidText, readItem, readItems, TAG } from './der.ts'
import { KNOWN_EXTENSIONS, OID } from './oid.ts'

/**
 * An X.509 certificate of version 1 or 3 (RFC 5280), with what decides whether it may sign files or certificates.
 * Node's own class checks signatures and names; it does not show key usage, nor what is critical, so these are read
 * here.
 */
export interface Certificate {
  readonly x509: X509Certificate
  readonly raw: Uint8Array
  /** 1 or 3 (2 is nobody's). */
  readonly version: number
  /** The last common name of the subject; undefined where there is none. */
  readonly commonName: string | undefined
  readonly notBefore: EpochMs
  readonly notAfter: EpochMs
  /** Whole DER items, as signatures refer to them. */
  readonly serial: Uint8Array
  readonly issuer: Uint8Array
  /** Of the signature under this certificate. */
  readonly signatureOid: string
  readonly selfIssued: boolean
  readonly extensions: Extensions
}

export interface Extensions {
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number }
  /** First byte of the bits, digitalSignature being 0x80. */
  readonly keyUsage?: number
  /** Purposes; absent means any. */
  readonly extendedKeyUsage?: readonly string[]
  readonly netscapeCertType?: number
  /** A critical one that we do not know, or one that we cannot honour. */
  readonly unhandled?: string
}

/** Undefined for anything that is not a certificate in DER. */
export function parseCertificate(raw: Uint8Array): Certificate | undefined {
  const whole = new DerFields(readItem(raw, TAG.sequence)?.body ?? NOTHING)
  const tbs = whole.take(TAG.sequence)
  const algorithm = whole.take(TAG.sequence)
  const signature = whole.take(TAG.bitString)
  if (!tbs || !algorithm || !signature || !whole.atEnd) return undefined
  const fields = new DerFields(tbs.body)
  const version = versionOf(fields.take(TAG.context0))
  const serial = fields.take(TAG.integer)
  const innerAlgorithm = fields.take(TAG.sequence)
  const issuer = fields.take(TAG.sequence)
  fields.take(TAG.sequence)
  const subject = fields.take(TAG.sequence)
  fields.take(TAG.sequence)
  fields.take(0x81)
  fields.take(0x82)
  const extensions = extensionsOf(fields.take(TAG.context3))
  const signatureOid = oidText(new DerFields(algorithm.body).take(TAG.oid)?.body ?? NOTHING)
  if (!serial || !issuer || !subject || !innerAlgorithm || !fields.atEnd) return undefined
  if (version === undefined || signatureOid === undefined || extensions === undefined) {
    return undefined
  }
  if (Buffer.compare(algorithm.whole, innerAlgorithm.whole) !== 0) return undefined
  const x509 = nodeCertificate(raw)
  if (x509 === undefined) return undefined
  return {
    x509,
    raw,
    version,
    commonName: commonNameOf(subject),
    notBefore: epochMs(x509.validFromDate.getTime()),
    notAfter: epochMs(x509.validToDate.getTime()),
    serial: serial.whole,
    issuer: issuer.whole,
    signatureOid,
    selfIssued: Buffer.compare(issuer.whole, subject.whole) === 0 && x509.checkIssued(x509),
    extensions,
  }
}

export function sameCertificate(a: Certificate, b: Certificate): boolean {
  return Buffer.compare(a.raw, b.raw) === 0
}

const NOTHING = new Uint8Array(0)

function nodeCertificate(raw: Uint8Array): X509Certificate | undefined {
  try {
    const x509 = new X509Certificate(raw)
    // The key is read here once, so that a broken one is a broken certificate.
    return x509.publicKey.type === 'public' ? x509 : undefined
  } catch {
    return undefined
  }
}

function versionOf(item: Der | undefined): number | undefined {
  if (item === undefined) return 1
  const version = readItem(item.body, TAG.integer)?.body
  const [value] = version ?? []
  return version?.byteLength === 1 && value === 2 ? 3 : undefined
}

function commonNameOf(subject: Der): string | undefined {
  let name: string | undefined
  for (const set of readItems(subject.body) ?? []) {
    for (const pair of readItems(set.body) ?? []) {
      const fields = new DerFields(pair.body)
      const type = fields.take(TAG.oid)
      const value = fields.any()
      if (type === undefined || oidText(type.body) !== OID.commonName) continue
      if (value !== undefined) name = textOf(value)
    }
  }
  return name
}

function textOf({ tag, body }: Der): string {
  if (tag !== TAG.bmpString) return Buffer.from(body).toString('utf8')
  return Buffer.from(body.subarray(0, body.byteLength & ~1))
    .swap16()
    .toString('utf16le')
}

function extensionsOf(item: Der | undefined): Extensions | undefined {
  if (item === undefined) return {}
  const list = readItems(readItem(item.body, TAG.sequence)?.body ?? NOTHING)
  if (list === undefined || list.length === 0) return undefined
  let found: Extensions = {}
  const seen = new Set<string>()
  for (const extension of list) {
    const fields = new DerFields(extension.body)
    const oid = oidText(fields.take(TAG.oid)?.body ?? NOTHING)
    const critical = fields.take(TAG.boolean) !== undefined
    const value = fields.take(TAG.octetString)
    if (oid === undefined || value === undefined || !fields.atEnd || seen.has(oid)) return undefined
    seen.add(oid)
    const read = extensionOf(oid, critical, value.body)
    if (read === undefined) return undefined
    found = { ...found, ...read }
  }
  return found
}

function extensionOf(oid: string, critical: boolean, value: Uint8Array): Extensions | undefined {
  switch (oid) {
    case OID.basicConstraints:
      return basicConstraintsOf(value)
    case OID.keyUsage: {
      const keyUsage = bitsOf(value)
      return keyUsage === undefined ? undefined : { keyUsage }
    }
    case OID.netscapeCertType: {
      const netscapeCertType = bitsOf(value)
      return netscapeCertType === undefined ? undefined : { netscapeCertType }
    }
    case OID.extendedKeyUsage: {
      const items = readItems(readItem(value, TAG.sequence)?.body ?? NOTHING)
      const purposes = items?.map(({ tag, body }) => (tag === TAG.oid ? oidText(body) : undefined))
      const known = purposes?.filter((purpose) => purpose !== undefined)
      return known !== undefined && known.length === purposes?.length && known.length > 0
        ? { extendedKeyUsage: known }
        : undefined
    }
    default: {
      const unhandled = critical ? !KNOWN_EXTENSIONS.has(oid) : oid === OID.nameConstraints
      return unhandled ? { unhandled: oid } : {}
    }
  }
}

function basicConstraintsOf(value: Uint8Array): Extensions | undefined {
  const body = readItem(value, TAG.sequence)?.body
  if (body === undefined) return undefined
  const fields = new DerFields(body)
  const ca = fields.take(TAG.boolean)?.body[0] === 0xff
  const length = fields.take(TAG.integer)?.body
  if (!fields.atEnd || (length !== undefined && length.byteLength !== 1)) return undefined
  const pathLength = length?.[0]
  return { basicConstraints: pathLength === undefined ? { ca } : { ca, pathLength } }
}

/** The first eight named bits; more are kept by nobody here. */
function bitsOf(value: Uint8Array): number | undefined {
  const body = readItem(value, TAG.bitString)?.body
  if (body === undefined || body.byteLength < 1 || (body[0] ?? 8) > 7) return undefined
  return body[1] ?? 0
}
