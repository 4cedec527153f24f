import { type Certificate, parseCertificate } from './certificate.ts'
import { type Der, DerFields, oidText, readItem, readItems, TAG } from './der.ts'
import { OID } from './oid.ts'

/** PKCS#7 SignedData (RFC 2315, 9; RFC 5652, 5 in version 1) as far as detached signatures need it. */
export interface SignedData {
  /** Content that is signed inside; detached signatures have none. */
  readonly hasContent: boolean
  readonly certificates: readonly Certificate[]
  readonly signers: readonly SignerInfo[]
}

export interface SignerInfo {
  /** Whole DER items: how the signer's certificate is found. */
  readonly issuer: Uint8Array
  readonly serial: Uint8Array
  readonly digestOid: string
  readonly signatureOid: string
  /** What the signature is over: the attributes as a SET. Undefined where nothing but the content is signed. */
  readonly signedBytes: Uint8Array | undefined
  readonly attributes: ReadonlyMap<string, Uint8Array>
  readonly signature: Uint8Array
}

/** A guess: real ones have two. */
const CERTIFICATES_MAX = 16
/** Real ones have one. */
const SIGNERS_MAX = 4
const VERSION_ONE = Uint8Array.of(TAG.integer, 1, 1)

/** Undefined for anything that is not SignedData in DER with signers named by issuer and serial number. */
export function parseSignedData(bytes: Uint8Array): SignedData | undefined {
  const outer = new DerFields(readItem(bytes, TAG.sequence)?.body ?? NOTHING)
  const type = outer.take(TAG.oid)
  const wrapped = outer.take(TAG.context0)
  if (!type || !wrapped || !outer.atEnd || oidText(type.body) !== OID.signedData) return undefined
  const fields = new DerFields(readItem(wrapped.body, TAG.sequence)?.body ?? NOTHING)
  const version = fields.take(TAG.integer)
  const digests = fields.take(TAG.set)
  const content = contentOf(fields.take(TAG.sequence))
  const certificates = certificatesOf(fields.take(TAG.context0))
  fields.take(TAG.context1)
  const signerSet = fields.take(TAG.set)
  if (!version || Buffer.compare(version.whole, VERSION_ONE) !== 0) return undefined
  const digestOids = digests && algorithmsOf(digests)
  if (!digestOids || !signerSet || !fields.atEnd) return undefined
  if (content === undefined || certificates === undefined) return undefined
  const items = readItems(signerSet.body)
  const signers = items?.map(signerOf).filter((signer) => signer !== undefined)
  if (signers === undefined || signers.length !== items?.length) return undefined
  if (signers.length > SIGNERS_MAX) return undefined
  // The list says beforehand what will be hashed; a signer with another digest is not verified by anybody.
  if (!signers.every(({ digestOid }) => digestOids.includes(digestOid))) return undefined
  return { hasContent: content.inside, certificates, signers }
}

const NOTHING = new Uint8Array(0)

function contentOf(item: Der | undefined): { readonly inside: boolean } | undefined {
  if (item === undefined) return undefined
  const fields = new DerFields(item.body)
  const type = fields.take(TAG.oid)
  const content = fields.take(TAG.context0)
  if (!type || !fields.atEnd || oidText(type.body) !== OID.data) return undefined
  return { inside: content !== undefined }
}

function certificatesOf(item: Der | undefined): readonly Certificate[] | undefined {
  if (item === undefined) return []
  const items = readItems(item.body)
  if (items === undefined || items.length > CERTIFICATES_MAX) return undefined
  const certificates = items.map(({ whole }) => parseCertificate(whole))
  const known = certificates.filter((certificate) => certificate !== undefined)
  return known.length === certificates.length ? known : undefined
}

function algorithmsOf({ body }: Der): readonly string[] | undefined {
  const oids = readItems(body)?.map(algorithmOf)
  const known = oids?.filter((oid) => oid !== undefined)
  return known?.length === oids?.length ? known : undefined
}

/** The identifier of an algorithm whose parameters are NULL or absent. */
function algorithmOf(item: Der | undefined): string | undefined {
  if (item?.tag !== TAG.sequence) return undefined
  const fields = new DerFields(item.body)
  const oid = fields.take(TAG.oid)
  const parameters = fields.take(TAG.null)
  const fits = oid !== undefined && fields.atEnd && (parameters?.body.byteLength ?? 0) === 0
  return fits ? oidText(oid.body) : undefined
}

function signerOf(item: Der): SignerInfo | undefined {
  if (item.tag !== TAG.sequence) return undefined
  const fields = new DerFields(item.body)
  const version = fields.take(TAG.integer)
  const name = new DerFields(fields.take(TAG.sequence)?.body ?? NOTHING)
  const issuer = name.take(TAG.sequence)
  const serial = name.take(TAG.integer)
  const digestOid = algorithmOf(fields.take(TAG.sequence))
  const signed = fields.take(TAG.context0)
  const signatureOid = algorithmOf(fields.take(TAG.sequence))
  const signature = fields.take(TAG.octetString)
  fields.take(TAG.context1)
  const attributes = attributesOf(signed)
  if (!version || Buffer.compare(version.whole, VERSION_ONE) !== 0) return undefined
  if (!issuer || !serial || !name.atEnd || !signature || !fields.atEnd) return undefined
  if (digestOid === undefined || signatureOid === undefined || attributes === undefined) {
    return undefined
  }
  return {
    issuer: issuer.whole,
    serial: serial.whole,
    digestOid,
    signatureOid,
    signedBytes: signed && Buffer.concat([Uint8Array.of(TAG.set), signed.whole.subarray(1)]),
    attributes,
    signature: signature.body,
  }
}

/** Each attribute's one value as a whole item; undefined where one stands twice or has not one value. */
function attributesOf(item: Der | undefined): ReadonlyMap<string, Uint8Array> | undefined {
  if (item === undefined) return new Map()
  const found = new Map<string, Uint8Array>()
  for (const attribute of readItems(item.body) ?? [undefined]) {
    if (attribute?.tag !== TAG.sequence) return undefined
    const fields = new DerFields(attribute.body)
    const type = oidText(fields.take(TAG.oid)?.body ?? NOTHING)
    const values = readItems(fields.take(TAG.set)?.body ?? NOTHING)
    const [value, ...more] = values ?? []
    if (type === undefined || value === undefined || more.length > 0) return undefined
    if (!fields.atEnd || found.has(type)) return undefined
    found.set(type, value.whole)
  }
  return found
}
