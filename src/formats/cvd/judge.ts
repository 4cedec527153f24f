import { createHash } from 'node:crypto'
import { toHex } from '#base/bytes.ts'
import type { CvdFault, DatabaseKind } from './fault.ts'
import type { CvdHeader } from './header.ts'
import { type CvdInfo, type InfoMember, parseInfo } from './info.ts'
import { COPYING, INFO_SUFFIX } from './member-name.ts'
import type { DatabaseVerifier } from './verifier.ts'

/**
 * What the parts of a database say about each other. Pure: the parts were read and hashed before. Each rule says all
 * it can, so that one look tells a publisher everything (formats.md 1.3, 1.4).
 */
export interface Judgement {
  readonly faults: readonly CvdFault[]
  /** Publishers whose signature fits: none, or one, unless two share a key. Told apart as objects, not by name. */
  readonly signers: readonly DatabaseVerifier[]
}

export function judgeHeader(
  kind: DatabaseKind,
  header: CvdHeader,
  md5: Uint8Array,
  verifiers: readonly DatabaseVerifier[],
): Judgement {
  const faults: CvdFault[] = []
  const computed = toHex(md5)
  if (kind === 'cld') {
    if (header.md5 !== undefined) faults.push({ kind: 'md5-unexpected' })
  } else if (header.md5 === undefined) {
    faults.push({ kind: 'md5-absent' })
  } else if (header.md5 !== computed) {
    faults.push({ kind: 'md5-differs', stated: header.md5, computed })
  }
  const { dsig } = header
  if (kind !== 'cvd') {
    if (dsig !== undefined) faults.push({ kind: 'header-signature-unexpected' })
    return { faults, signers: [] }
  }
  if (dsig === undefined) return { faults: [...faults, { kind: 'header-not-signed' }], signers: [] }
  const signers = verifiers.filter((verifier) => verifier.header(md5, dsig))
  if (signers.length === 0) faults.push({ kind: 'header-signature-wrong' })
  return { faults, signers }
}

export function judgeInfo(
  kind: DatabaseKind,
  bytes: Uint8Array,
  verifiers: readonly DatabaseVerifier[],
): Judgement & { readonly info?: CvdInfo } {
  const read = parseInfo(bytes)
  if (!read.ok) return { faults: [read.fault], signers: [] }
  const { info, signedBytes } = read.value
  const { dsig } = info
  if (kind === 'cud') {
    const unexpected = dsig !== undefined
    return {
      faults: unexpected ? [{ kind: 'info-signature-unexpected' }] : [],
      signers: [],
      info,
    }
  }
  if (dsig === undefined) return { faults: [{ kind: 'info-not-signed' }], signers: [], info }
  const sha256 = createHash('sha256').update(bytes.subarray(0, signedBytes)).digest()
  const signers = verifiers.filter((verifier) => verifier.info(sha256, dsig))
  return { faults: signers.length === 0 ? [{ kind: 'info-signature-wrong' }] : [], signers, info }
}

/** Header and `.info` must tell the same and, in a CVD, be signed by one publisher. */
export function judgePair(kind: DatabaseKind, outer: Judgement, inner: Judgement): Judgement {
  if (kind === 'cud') return { faults: [], signers: [] }
  if (kind === 'cld') return { faults: [], signers: inner.signers }
  const signers = outer.signers.filter((signer) => inner.signers.includes(signer))
  const [header] = outer.signers
  const [info] = inner.signers
  if (signers.length > 0 || header === undefined || info === undefined) {
    return { faults: [], signers }
  }
  return {
    faults: [{ kind: 'publishers-differ', header: header.publisher, info: info.publisher }],
    signers,
  }
}

/** Engines compare four fields; the two others are compared too, so that none can be changed unseen. */
export function judgeFields(header: CvdHeader, info: CvdHeader): readonly CvdFault[] {
  const fields = [
    ['build time', header.buildTime, info.buildTime],
    ['version', header.version, info.version],
    ['signatures', header.signatures, info.signatures],
    ['functionality level', header.functionalityLevel, info.functionalityLevel],
    ['builder', header.builder, info.builder],
    ['stime', header.builtAt, info.builtAt],
  ] as const
  const faults: CvdFault[] = fields
    .filter(([, outer, inner]) => outer !== inner)
    .map(([field, outer, inner]) => ({
      kind: 'info-field-differs',
      field,
      header: String(outer),
      info: String(inner),
    }))
  if (info.md5 !== undefined || info.dsig !== undefined) {
    const field = info.md5 === undefined ? 'digital signature' : 'MD5'
    faults.push({ kind: 'info-field-differs', field, header: 'X', info: 'a value' })
  }
  return faults
}

/** `complete` tells whether a member not found is missing, or just was not reached. */
export function judgeMembers(
  info: CvdInfo,
  infoName: string,
  found: readonly InfoMember[],
  complete: boolean,
): readonly CvdFault[] {
  const faults: CvdFault[] = []
  const listed = new Map(info.members.map((member) => [member.name, member]))
  const seen = new Set<string>()
  for (const { name, bytes, sha256 } of found) {
    const entry = listed.get(name)
    seen.add(name)
    if (entry === undefined) {
      const byItself = name === COPYING || name === `${infoName}${INFO_SUFFIX}`
      if (!byItself) faults.push({ kind: 'member-unlisted', name })
    } else if (entry.bytes !== bytes) {
      faults.push({ kind: 'member-size-differs', name, listed: entry.bytes, found: bytes })
    } else if (entry.sha256 !== sha256) {
      faults.push({ kind: 'member-hash-differs', name })
    }
  }
  for (const name of complete ? listed.keys() : []) {
    if (!seen.has(name)) faults.push({ kind: 'member-missing', name })
  }
  return faults
}
