import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { fromLatin1, toHex } from '#base/bytes.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import { printBuildTime } from './build-time.ts'
import { CanonicalGzip, GZIP_HEAD } from './canonical-gzip.ts'
import { type CvdHeader, printHeader } from './header.ts'
import { type InfoMember, printInfo, printInfoText } from './info.ts'
import { COPYING, INFO_SUFFIX, inPackingOrder } from './member-name.ts'
import { printTarHeader, tarPadding } from './tar-header.ts'
import type { DatabaseSigner } from './verifier.ts'

/**
 * Builds a database with the bytes that sigtool would write (formats.md 1.2 to 1.5): COPYING, `.info`, the members in
 * sigtool's order, no end blocks, gzip as in `canonical-gzip.ts`. `buildDatabase` does it in memory, for the demo and
 * for tests; large ones are streamed from disk by `#adapters/databases`, out of the same parts.
 * Member names and fields must be good: a wrong one is the caller's bug.
 */
export interface BuildFields {
  readonly name: DbName
  readonly version: DbVersion
  readonly builder: string
  readonly builtAt: EpochSeconds
  /** For the local time in field 1. */
  readonly utcOffsetMinutes?: number
  readonly functionalityLevel: number
}

export interface BuildRequest extends BuildFields {
  /** File name to content, none of them empty. */
  readonly members: ReadonlyMap<string, Uint8Array>
  readonly signatures: number
  /** Content of `COPYING`, in which the publisher says what may be done with the data. */
  readonly copying?: string
}

export type BuildKind =
  | { readonly kind: 'cvd'; readonly signer: DatabaseSigner }
  /** What freshclam makes from patches: a plain tar with a signed list and no MD5. */
  | { readonly kind: 'cld'; readonly signer: DatabaseSigner }
  | { readonly kind: 'cud' }

export const COPYING_DEFAULT = 'The publisher of this database says what may be done with it.\n'
/** A good second in a row of MD5s that start with 00 has chance 2^-8 each; more are a bug. */
const REBUILDS_MAX = 16

/** One header for each try, a second apart: the first whose MD5 may be published is the one. */
export function* headersToTry(fields: BuildFields, signatures: number): Generator<CvdHeader> {
  for (let later = 0; later < REBUILDS_MAX; later += 1) {
    const builtAt = epochSeconds(fields.builtAt + later)
    yield {
      buildTime: printBuildTime(builtAt, fields.utcOffsetMinutes ?? 0),
      version: fields.version,
      signatures,
      functionalityLevel: fields.functionalityLevel,
      builder: fields.builder,
      builtAt,
    }
  }
  throw new Error('Cannot build: the MD5 of every try starts with a zero byte')
}

/** Engines 1.1 to 1.4 take a signed MD5 with a leading zero byte for wrong (formats.md 9, trap 3). */
export function isPublishable(md5: Uint8Array): boolean {
  return md5[0] !== 0
}

/** The bytes of `.info`, signed unless it is a `.cud`'s. */
export function makeInfo(
  header: CvdHeader,
  members: readonly InfoMember[],
  how: BuildKind,
): Uint8Array {
  const text = createHash('sha256').update(printInfoText(header, members), 'latin1').digest()
  const dsig = how.kind === 'cud' ? {} : { dsig: how.signer.info(text) }
  return fromLatin1(printInfo({ header, members, ...dsig }))
}

/** The header in front of a payload with this MD5. A `.cld` shows neither MD5 nor signature. */
export function outerHeader(header: CvdHeader, md5: Uint8Array, how: BuildKind): CvdHeader {
  switch (how.kind) {
    case 'cvd':
      return { ...header, md5: toHex(md5), dsig: how.signer.header(md5) }
    case 'cud':
      return { ...header, md5: toHex(md5) }
    case 'cld':
      return header
  }
}

export function buildDatabase(request: BuildRequest & BuildKind): Uint8Array {
  for (const header of headersToTry(request, request.signatures)) {
    const tar = packTar(request, header)
    const payload = request.kind === 'cld' ? tar : gzipped(tar)
    const md5 = createHash('md5').update(payload).digest()
    if (request.kind !== 'cld' && !isPublishable(md5)) continue
    return Buffer.concat([printHeader(outerHeader(header, md5, request)), payload])
  }
  throw new Error('Cannot build')
}

function gzipped(tar: Uint8Array): Uint8Array {
  const gzip = new CanonicalGzip()
  return Buffer.concat([GZIP_HEAD, ...gzip.push(tar), ...gzip.end()])
}

function packTar(request: BuildRequest & BuildKind, header: CvdHeader): Uint8Array {
  const members = inPackingOrder(request.members.keys()).map((name) => {
    const content = request.members.get(name) ?? new Uint8Array(0)
    assert.ok(content.byteLength > 0, `Cannot pack the empty member "${name}"`)
    return { name, content }
  })
  const listed = members.map(({ name, content }) => ({
    name,
    bytes: content.byteLength,
    sha256: toHex(createHash('sha256').update(content).digest()),
  }))
  return Buffer.concat(
    [
      { name: COPYING, content: Buffer.from(request.copying ?? COPYING_DEFAULT) },
      { name: `${request.name}${INFO_SUFFIX}`, content: makeInfo(header, listed, request) },
      ...members,
    ].flatMap(({ name, content }) => [
      printTarHeader({ name, bytes: content.byteLength }),
      content,
      new Uint8Array(tarPadding(content.byteLength)),
    ]),
  )
}
