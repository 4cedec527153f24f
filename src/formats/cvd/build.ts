import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { constants, gzipSync } from 'node:zlib'
import { fromLatin1, toHex } from '#base/bytes.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import { printBuildTime } from './build-time.ts'
import { type CvdHeader, printHeader } from './header.ts'
import { printInfo, printInfoText } from './info.ts'
import { COPYING, INFO_SUFFIX, inPackingOrder } from './member-name.ts'
import { printTarHeader, tarPadding } from './tar-header.ts'
import type { DatabaseSigner } from './verifier.ts'

/**
 * Builds a database in memory, with the bytes that sigtool would write (formats.md 1.2 to 1.5): COPYING, `.info`, the
 * members in sigtool's order, no end blocks, gzip level 9. For the demo and for tests; large ones want a stream.
 * Member names and fields must be good: a wrong one is the caller's bug.
 */
export interface BuildRequest {
  readonly name: DbName
  readonly version: DbVersion
  /** File name to content, none of them empty. */
  readonly members: ReadonlyMap<string, Uint8Array>
  readonly builder: string
  readonly builtAt: EpochSeconds
  /** For the local time in field 1. */
  readonly utcOffsetMinutes?: number
  readonly functionalityLevel: number
  readonly signatures: number
  /** Content of `COPYING`, in which the publisher says what may be done with the data. */
  readonly copying?: string
}

export type BuildKind =
  | { readonly kind: 'cvd'; readonly signer: DatabaseSigner }
  /** What freshclam makes from patches: a plain tar with a signed list and no MD5. */
  | { readonly kind: 'cld'; readonly signer: DatabaseSigner }
  | { readonly kind: 'cud' }

const COPYING_DEFAULT = 'The publisher of this database says what may be done with it.\n'
const GZIP_LEVEL = 9
/** A good second in a row of MD5s that start with 00 has chance 2^-8 each; more are a bug. */
const REBUILDS_MAX = 16

export function buildDatabase(request: BuildRequest & BuildKind): Uint8Array {
  for (let later = 0; later < REBUILDS_MAX; later += 1) {
    const builtAt = epochSeconds(request.builtAt + later)
    const header: CvdHeader = {
      buildTime: printBuildTime(builtAt, request.utcOffsetMinutes ?? 0),
      version: request.version,
      signatures: request.signatures,
      functionalityLevel: request.functionalityLevel,
      builder: request.builder,
      builtAt,
    }
    const tar = packTar(request, header)
    if (request.kind === 'cld') return Buffer.concat([printHeader(header), tar])
    const payload = gzipSync(tar, { level: GZIP_LEVEL, memLevel: constants.Z_DEFAULT_MEMLEVEL })
    const md5 = createHash('md5').update(payload).digest()
    // Engines 1.1 to 1.4 take a signed MD5 with a leading zero byte for wrong (formats.md 9, trap 3).
    if (md5[0] === 0) continue
    const dsig = request.kind === 'cvd' ? { dsig: request.signer.header(md5) } : {}
    return Buffer.concat([printHeader({ ...header, md5: toHex(md5), ...dsig }), payload])
  }
  throw new Error('Cannot build: the MD5 of every try starts with a zero byte')
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
  const signed = createHash('sha256').update(printInfoText(header, listed), 'latin1').digest()
  const dsig = request.kind === 'cud' ? {} : { dsig: request.signer.info(signed) }
  const info = fromLatin1(printInfo({ header, members: listed, ...dsig }))
  return Buffer.concat(
    [
      { name: COPYING, content: Buffer.from(request.copying ?? COPYING_DEFAULT) },
      { name: `${request.name}${INFO_SUFFIX}`, content: info },
      ...members,
    ].flatMap(({ name, content }) => [
      printTarHeader({ name, bytes: content.byteLength }),
      content,
      new Uint8Array(tarPadding(content.byteLength)),
    ]),
  )
}
