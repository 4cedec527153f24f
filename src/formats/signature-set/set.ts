import { type DbName, type DbVersion, dbVersion, parseDbName } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'

/**
 * `NAME.set`: which plain signature files and `.cud` belong together, and the number that grows (decision 1b). Anybody
 * makes one with `sha256sum` and signs it with `ssh-keygen -Y sign -n cvdnet-set -f KEY NAME.set`:
 *
 *     cvdnet-set 1
 *     name: acme
 *     version: 7
 *     <64 hexadecimal digits>  acme.ndb
 *     <64 hexadecimal digits>  acme.hsb
 *
 * LF lines, in this order. `*` before a file's name, as `sha256sum --binary` writes it, is taken too. Which extensions
 * may be listed is said by whoever opens the files.
 */
export interface SignatureSet {
  readonly name: DbName
  readonly version: DbVersion
  readonly files: readonly ListedFile[]
}

export interface ListedFile {
  readonly file: string
  /** Lower-case hexadecimal. */
  readonly sha256: string
}

export interface SignatureSetFault {
  readonly kind:
    | 'too-large'
    | 'not-a-set'
    | 'bad-name'
    | 'bad-version'
    | 'bad-file-line'
    | 'bad-file-name'
    | 'listed-twice'
    | 'too-many-files'
    | 'no-files'
    | 'no-last-line-end'
  /** From 1. */
  readonly line: number
}

/** What a signer gives as `-n`. */
export const SIGNATURE_SET_NAMESPACE = 'cvdnet-set'
/** Guess: the largest known third-party set has about forty files. */
const FILES_MAX = 256
export const SIGNATURE_SET_CHARS_MAX = 64 * 1024
/** With `-VERSION.cud.sign` behind it, it still fits a tar header. */
const FILE_NAME_CHARS_MAX = 64

/** All faults at once. */
export function parseSignatureSet(
  text: string,
): Outcome<SignatureSet, readonly SignatureSetFault[]> {
  if (text.length > SIGNATURE_SET_CHARS_MAX) return fail([{ kind: 'too-large', line: 1 }])
  const [first, nameLine, versionLine, ...rest] = text.split('\n')
  if (first !== 'cvdnet-set 1') return fail([{ kind: 'not-a-set', line: 1 }])
  const faults: SignatureSetFault[] = []
  const name = parseDbName(/^name: (.*)$/.exec(nameLine ?? '')?.[1] ?? '')
  if (!name.ok) faults.push({ kind: 'bad-name', line: 2 })
  const version = parseVersion(/^version: (.*)$/.exec(versionLine ?? '')?.[1] ?? '')
  if (version === undefined) faults.push({ kind: 'bad-version', line: 3 })
  const listed = parseFiles(rest)
  faults.push(...listed.faults)
  if (!name.ok || version === undefined || faults.length > 0) return fail(faults)
  return ok({ name: name.value, version, files: listed.files })
}

function parseFiles(lines: readonly string[]): {
  readonly files: readonly ListedFile[]
  readonly faults: readonly SignatureSetFault[]
} {
  const files = new Map<string, ListedFile>()
  const faults: SignatureSetFault[] = []
  // An empty last piece is what stands behind the last LF.
  const ended = lines.at(-1) === ''
  const entries = ended ? lines.slice(0, -1) : lines
  for (const [index, text] of entries.slice(0, FILES_MAX).entries()) {
    const line = index + 4
    const match = /^([0-9A-Fa-f]{64}) [ *](.*)$/.exec(text)
    const [sha256, file] = [match?.[1]?.toLowerCase(), match?.[2]]
    if (sha256 === undefined || file === undefined) faults.push({ kind: 'bad-file-line', line })
    else if (!isFileName(file)) faults.push({ kind: 'bad-file-name', line })
    else if (files.has(file)) faults.push({ kind: 'listed-twice', line })
    else files.set(file, { file, sha256 })
  }
  if (entries.length > FILES_MAX) faults.push({ kind: 'too-many-files', line: FILES_MAX + 4 })
  if (entries.length === 0) faults.push({ kind: 'no-files', line: 4 })
  else if (!ended) faults.push({ kind: 'no-last-line-end', line: entries.length + 3 })
  return { files: [...files.values()], faults }
}

export function printSignatureSet({ name, version, files }: SignatureSet): string {
  const lines = files.map(({ file, sha256 }) => `${sha256}  ${file}\n`)
  return `cvdnet-set 1\nname: ${name}\nversion: ${version}\n${lines.join('')}`
}

const WORDS = {
  'too-large': `more than ${SIGNATURE_SET_CHARS_MAX} characters`,
  'not-a-set': 'the first line is not "cvdnet-set 1"',
  'bad-name': 'not "name: NAME" with a name of letters, digits and _',
  'bad-version': 'not "version: NUMBER" with a number from 1 to 2147483647',
  'bad-file-line': 'not a line as sha256sum writes it',
  'bad-file-name': 'not a plain file name NAME.EXTENSION',
  'listed-twice': 'the file is listed above already',
  'too-many-files': `more than ${FILES_MAX} files`,
  'no-files': 'no file is listed',
  'no-last-line-end': 'the last line has no line end: the file looks cut off',
} as const satisfies Record<SignatureSetFault['kind'], string>

export function describeSignatureSetFault({ kind, line }: SignatureSetFault): string {
  return `line ${line}: ${WORDS[kind]}`
}

function parseVersion(text: string): DbVersion | undefined {
  return /^[1-9]\d{0,9}$/.test(text) ? dbVersion(Number(text)) : undefined
}

/** No path, no leading dot or dash, and not `local_*`, which belongs to a mirror's operator. */
function isFileName(file: string): boolean {
  return (
    file.length <= FILE_NAME_CHARS_MAX &&
    /^[A-Za-z0-9_][A-Za-z0-9_-]*\.[A-Za-z0-9]+$/.test(file) &&
    !file.startsWith('local_')
  )
}
