import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { toHex } from '#base/bytes.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import {
  COPYING,
  CVD_LIMITS,
  IgnoredNames,
  type InfoMember,
  isMemberName,
  SignatureCounter,
  selectMembers,
} from '#formats/cvd/index.ts'
import {
  SIGNATURE_FILE_EXTENSIONS,
  SignatureFileChecker,
  type SignatureFileFault,
} from '#formats/signature-file/index.ts'
import { cannot, systemCode } from './database-file-error.ts'
import { readPieces } from './read-file.ts'

/** What is to be packed, before it is: names, sizes, hashes, and how many signatures an engine will find. */
export interface FolderSurvey {
  readonly members: readonly InfoMember[]
  readonly signatures: number
  readonly hasCopying: boolean
  /** Files that do not belong into this database. */
  readonly leftOut: readonly string[]
}

export type FolderFault =
  | { readonly kind: 'no-members'; readonly folder: string; readonly database: string }
  /** A folder, a pipe, a device: passing over it would make a database without what its name promises. */
  | { readonly kind: 'not-a-plain-file'; readonly file: string }
  | { readonly kind: 'too-many-members'; readonly membersMax: number }
  | { readonly kind: 'folder-too-large'; readonly bytesMax: number }
  | { readonly kind: 'bad-member-name'; readonly file: string }
  | { readonly kind: 'bad-member'; readonly fault: SignatureFileFault }

export interface SurveyOptions {
  readonly database: string
  /** Of the engine that is counted for. */
  readonly functionalityLevel: number
  readonly signal: AbortSignal
}

/** Reads every member once. Throws `DatabaseFileError`. */
export async function surveyFolder(
  folder: string,
  options: SurveyOptions,
): Promise<Outcome<FolderSurvey, readonly FolderFault[]>> {
  const entries = await entriesIn(folder)
  const files = [...entries.keys()]
  const { members: names, leftOut } = selectMembers(options.database, files)
  const engine = { level: options.functionalityLevel, ignored: new IgnoredNames() }
  const faults: FolderFault[] = names
    .filter((file) => !isMemberName(file))
    .map((file) => ({ kind: 'bad-member-name', file }))
  for (const file of [COPYING, ...names]) {
    if (entries.get(file)?.isReadable === false) faults.push({ kind: 'not-a-plain-file', file })
  }
  if (names.length === 0) faults.push({ kind: 'no-members', folder, database: options.database })
  if (names.length > CVD_LIMITS.membersMax) {
    faults.push({ kind: 'too-many-members', membersMax: CVD_LIMITS.membersMax })
  }
  if (faults.length > 0) return fail(faults)
  const members: InfoMember[] = []
  let [signatures, bytes] = [0, 0]
  for (const name of names) {
    const counter = new SignatureCounter(name, engine)
    const read = await readMember(join(folder, name), name, counter, options.signal)
    faults.push(...read.faults.map((fault) => ({ kind: 'bad-member', fault }) as const))
    members.push(read.member)
    signatures += counter.count
    bytes += read.member.bytes
  }
  if (bytes > CVD_LIMITS.unpackedBytesMax) {
    faults.push({ kind: 'folder-too-large', bytesMax: CVD_LIMITS.unpackedBytesMax })
  }
  if (faults.length > 0) return fail(faults)
  return ok({ members, signatures, hasCopying: files.includes(COPYING), leftOut })
}

async function readMember(
  path: string,
  name: string,
  counter: SignatureCounter,
  signal: AbortSignal,
): Promise<{ readonly member: InfoMember; readonly faults: readonly SignatureFileFault[] }> {
  const isChecked = SIGNATURE_FILE_EXTENSIONS.includes(name.slice(name.lastIndexOf('.') + 1))
  const checker = isChecked ? new SignatureFileChecker(name) : undefined
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of readPieces(path, signal)) {
    bytes += piece.byteLength
    hash.update(piece)
    counter.push(piece)
    // A copy, since the checker keeps the beginning of a line and the piece will be read over.
    if (checker?.push(Buffer.from(piece)) === false) break
  }
  counter.end()
  const faults = checker?.finish() ?? []
  const empty = bytes === 0 && checker === undefined
  return {
    member: { name, bytes, sha256: toHex(hash.digest()) },
    faults: empty ? [{ kind: 'empty-file', file: name }] : faults,
  }
}

/** By name. What a symbolic link leads to is seen when it is read. */
async function entriesIn(
  folder: string,
): Promise<ReadonlyMap<string, { readonly isReadable: boolean }>> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return new Map(
      entries.map((entry) => [
        entry.name,
        { isReadable: entry.isFile() || entry.isSymbolicLink() },
      ]),
    )
  } catch (error) {
    const code = systemCode(error) === 'ENOENT' ? 'not-found' : 'unreadable'
    throw cannot(code, `read the folder "${folder}"`, error)
  }
}
