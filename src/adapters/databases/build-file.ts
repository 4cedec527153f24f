import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { toHex } from '#base/bytes.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  type BuildFields,
  type BuildKind,
  COPYING,
  COPYING_DEFAULT,
  type CvdHeader,
  describeCvdFault,
  GZIP_HEAD,
  type HeaderFault,
  headersToTry,
  INFO_SUFFIX,
  type InfoMember,
  isPublishable,
  makeInfo,
  outerHeader,
  type PackedMember,
  parseHeader,
  printHeader,
} from '#formats/cvd/index.ts'
import { describeSignatureFileFault } from '#formats/signature-file/index.ts'
import { DatabaseFileError } from './database-file-error.ts'
import { DatabaseDraft } from './draft.ts'
import { readPieces } from './read-file.ts'
import { type FolderFault, surveyFolder } from './survey-folder.ts'

/**
 * A folder of signature files becomes a database, as `sigtool --build` makes it, in flat memory whatever the size. The
 * members are read twice: once to be checked, counted and hashed, once to be packed; a file that changes in between is
 * an error, not a broken database. While the MD5 begins with a zero byte it is packed again, a second later.
 */
export interface BuildFileRequest extends BuildFields {
  readonly folder: string
  /** Replaced in one step. */
  readonly into: string
  readonly how: BuildKind
  readonly signal: AbortSignal
}

export interface BuiltFile {
  readonly header: CvdHeader
  readonly members: readonly InfoMember[]
  readonly bytes: number
  readonly leftOut: readonly string[]
}

export type BuildFault = FolderFault | { readonly kind: 'bad-header'; readonly fault: HeaderFault }

export async function buildFile(
  request: BuildFileRequest,
): Promise<Outcome<BuiltFile, readonly BuildFault[]>> {
  const { folder, into, how, signal, name: database, functionalityLevel } = request
  const survey = await surveyFolder(folder, { database, functionalityLevel, signal })
  if (!survey.ok) return survey
  const { members, signatures, hasCopying, leftOut } = survey.value
  const copying = hasCopying
    ? await copyingFrom(join(folder, COPYING), signal)
    : Buffer.from(COPYING_DEFAULT)
  const gzipHeads = how.kind === 'cld' ? [] : [GZIP_HEAD]
  await using draft = await DatabaseDraft.open(into)
  for (const header of headersToTry(request, signatures)) {
    const readable = parseHeader(printHeader(header), 'strict')
    if (!readable.ok) return fail([{ kind: 'bad-header', fault: readable.fault }])
    const packed = [
      inMemory(COPYING, copying),
      inMemory(`${database}${INFO_SUFFIX}`, makeInfo(header, members, how)),
      ...members.map((member) => fromDisk(folder, member, signal)),
    ]
    const { bytes, md5s } = await draft.writePayload(packed, { gzipHeads, signal })
    const [md5] = md5s
    if (md5 === undefined || (how.kind !== 'cld' && !isPublishable(md5))) continue
    const outer = outerHeader(header, md5, how)
    const head = printHeader(outer)
    await draft.writeHeader(head)
    await draft.finish()
    return ok({ header: outer, members, bytes: head.byteLength + bytes, leftOut })
  }
  throw new Error('Cannot build: no header is left to try')
}

export function describeBuildFault(fault: BuildFault): string {
  switch (fault.kind) {
    case 'no-members':
      return fault.database === 'bytecode'
        ? `"${fault.folder}" holds no file for this database: no .cbc, no last.hdb`
        : `"${fault.folder}" holds no file for this database: no ${fault.database}.ndb, ${fault.database}.hdb …`
    case 'not-a-plain-file':
      return `"${fault.file}" is not a plain file`
    case 'too-many-members':
      return `there are more than ${fault.membersMax} files for this database`
    case 'folder-too-large':
      return `the files have more than ${fault.bytesMax} bytes together`
    case 'bad-member-name':
      return `"${fault.file}" cannot be the name of a member`
    case 'bad-member':
      return describeSignatureFileFault(fault.fault)
    case 'bad-header':
      return describeCvdFault(fault.fault)
  }
}

function inMemory(name: string, bytes: Uint8Array): PackedMember {
  return {
    name,
    bytes: bytes.byteLength,
    async *read() {
      yield bytes
    },
  }
}

/** A member whose bytes are still those that were hashed, or else an error when it has been read. */
export function fromDisk(folder: string, member: InfoMember, signal: AbortSignal): PackedMember {
  const { name, bytes, sha256 } = member
  const path = join(folder, name)
  const changed = () =>
    new DatabaseFileError('changed-meanwhile', `pack "${path}", which changed meanwhile`)
  async function* read() {
    const hash = createHash('sha256')
    let left = bytes
    for await (const piece of readPieces(path, signal)) {
      left -= piece.byteLength
      if (left < 0) throw changed()
      hash.update(piece)
      yield piece
    }
    if (left > 0 || toHex(hash.digest()) !== sha256) throw changed()
  }
  return { name, bytes, read }
}

/** Guess: fifty times ClamAV's own. It is held in memory. */
const COPYING_BYTES_MAX = 1024 * 1024

async function copyingFrom(path: string, signal: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of readPieces(path, signal)) {
    bytes += piece.byteLength
    if (bytes > COPYING_BYTES_MAX) {
      throw new DatabaseFileError(
        'unreadable',
        `take "${path}": more than ${COPYING_BYTES_MAX} bytes`,
      )
    }
    pieces.push(Buffer.from(piece))
  }
  return bytes === 0 ? Buffer.from(COPYING_DEFAULT) : Buffer.concat(pieces)
}
