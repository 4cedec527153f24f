import { DatabaseDraft, examineFile } from '#adapters/databases/index.ts'
import { toHex } from '#base/bytes.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { verifiersOf } from '#core/databases/index.ts'
import {
  type CvdFault,
  type CvdHeader,
  describeCvdFault,
  type Examination,
  GZIP_HEAD,
  GZIP_HEAD_OLD,
  HEADER_BYTES,
  parseHeader,
  printHeader,
} from '#formats/cvd/index.ts'
import {
  describePatchedFolderFault,
  type PatchedFolderFault,
  type PatchedFolderRequest,
  patchedFolder,
} from './patched-folder.ts'

/**
 * A published database out of the one before, its patches, and nothing but the 512 bytes of the new header: the
 * members are packed as the publisher packs them, and when the MD5 is the one that he signed, the bytes are his. If
 * they do not come out, one takes the whole file. The result is examined like any other before it stands in its place.
 */
export interface RebuildRequest extends PatchedFolderRequest {
  /** The first 512 bytes of the new database; more are not looked at. */
  readonly header: Uint8Array
}

export interface Rebuilt {
  readonly header: CvdHeader
  readonly bytes: number
  readonly sha256: string
  /** The publisher. */
  readonly signedBy: string
}

export type RebuildFault =
  | PatchedFolderFault
  | { readonly kind: 'bad-header'; readonly faults: readonly CvdFault[] }
  | { readonly kind: 'header-of-another-build'; readonly field: string }
  | { readonly kind: 'bytes-differ'; readonly wanted: string; readonly made: readonly string[] }
  | { readonly kind: 'result-not-verified'; readonly faults: readonly CvdFault[] }

/** Only packing keeps the thread busy, and that for long: see `rebuildInWorker`. */
export async function rebuildFile(
  request: RebuildRequest,
): Promise<Outcome<Rebuilt, RebuildFault>> {
  const { into, publishers, signal } = request
  const head = request.header.subarray(0, HEADER_BYTES)
  const header = parseHeader(head, 'strict')
  if (!header.ok) return fail({ kind: 'bad-header', faults: [header.fault] })
  const { md5: wanted } = header.value
  if (wanted === undefined) return fail({ kind: 'bad-header', faults: [{ kind: 'md5-absent' }] })
  const patched = await patchedFolder(request)
  if (!patched.ok) return patched
  await using folder = patched.value
  const field = differingField(header.value, folder.info.header)
  if (field !== undefined) return fail({ kind: 'header-of-another-build', field })
  await using draft = await DatabaseDraft.open(into)
  const gzipHeads = [GZIP_HEAD, GZIP_HEAD_OLD]
  const { md5s } = await draft.writePayload(folder.members, { gzipHeads, signal })
  const made = md5s.map(toHex)
  const right = gzipHeads[made.indexOf(wanted)]
  if (right === undefined) return fail({ kind: 'bytes-differ', wanted, made })
  await draft.replaceGzipHead(right)
  await draft.writeHeader(head)
  const verifiers = verifiersOf(publishers)
  const found = await examineFile(draft.path, { kind: 'cvd', verifiers, signal })
  if (found.faults.length > 0) return fail({ kind: 'result-not-verified', faults: found.faults })
  await draft.finish()
  return ok({ header: header.value, ...madeOf(found) })
}

/**
 * What freshclam makes of an old database and patches: a `.cld`, with the list of members that the publisher signed,
 * and no header of his.
 */
export async function patchFile(
  request: PatchedFolderRequest,
): Promise<Outcome<Rebuilt, RebuildFault>> {
  const { into, publishers, signal } = request
  const patched = await patchedFolder(request)
  if (!patched.ok) return patched
  await using folder = patched.value
  await using draft = await DatabaseDraft.open(into)
  const { header } = folder.info
  await draft.writePayload(folder.members, { gzipHeads: [], signal })
  await draft.writeHeader(printHeader(header))
  const verifiers = verifiersOf(publishers)
  const found = await examineFile(draft.path, { kind: 'cld', verifiers, signal })
  if (found.faults.length > 0) return fail({ kind: 'result-not-verified', faults: found.faults })
  await draft.finish()
  return ok({ header, ...madeOf(found) })
}

function madeOf({ bytes, sha256, signedBy = '' }: Examination): Omit<Rebuilt, 'header'> {
  return { bytes, sha256, signedBy }
}

export function describeRebuildFault(fault: RebuildFault): string {
  switch (fault.kind) {
    case 'bad-header':
      return `the new header is not right: ${fault.faults.map(describeCvdFault).join('; ')}`
    case 'header-of-another-build':
      return `the new header is of another build than the patches lead to: its ${fault.field} differs`
    case 'bytes-differ':
      return `the bytes do not come out: MD5 ${fault.made.join(' or ')}, published is ${fault.wanted}`
    case 'result-not-verified':
      return `the result is not right: ${fault.faults.map(describeCvdFault).join('; ')}`
    default:
      return describePatchedFolderFault(fault)
  }
}

/** Told before anything is packed, which takes long. */
function differingField(header: CvdHeader, info: CvdHeader): string | undefined {
  if (header.version !== info.version) return 'version'
  if (header.builtAt !== info.builtAt || header.buildTime !== info.buildTime) return 'build time'
  if (header.signatures !== info.signatures) return 'number of signatures'
  if (header.functionalityLevel !== info.functionalityLevel) return 'functionality level'
  return header.builder === info.builder ? undefined : 'builder'
}
