import { toLatin1 } from '#base/bytes.ts'
import { LINE_FORMATS, type LineFormat } from './line-formats.ts'

/**
 * Checks a plain signature file while it streams by (decision 1b): size, lines, characters, and the structure of every
 * line by the file's extension. Comments start with `#`. Lines end in LF, the last one too. Rules (`.yar`, `.yara`),
 * indicators (`.ioc`) and certificate lists (`.cat`) have no lines of ours: of them only size and characters, of the
 * last only the size, are looked at. The first 20 faults are kept; after them there is no use in reading on.
 */
export type SignatureFileFault =
  | { readonly kind: 'unknown-extension'; readonly file: string }
  | { readonly kind: 'empty-file'; readonly file: string }
  | { readonly kind: 'file-too-large'; readonly file: string; readonly bytesMax: number }
  | {
      readonly kind: 'bad-line'
      readonly file: string
      /** From 1. */
      readonly line: number
      readonly reason: string
    }

/** Guess: ten times the largest third-party file known. */
export const SIGNATURE_FILE_BYTES_MAX = 256 * 1024 * 1024
/** Guess: one hash signature for every 50 bytes of the largest file. */
const LINES_MAX = 5_000_000
/** Enough for a sigmaker to see what he did; a file of another kind would give one a line. */
export const SIGNATURE_FAULTS_MAX = 20
const LF = 0x0a

interface FileFormat {
  readonly characters: 'ascii' | 'beyond-ascii' | 'text' | 'any'
  readonly lineBytesMax: number
  readonly lines: LineFormat | undefined
}

/** A rule file's line has no limit in the engine; this one keeps memory flat. */
const TEXT: FileFormat = { characters: 'text', lineBytesMax: 1024 * 1024, lines: undefined }
const OTHER_FORMATS: ReadonlyMap<string, FileFormat> = new Map([
  ['yar', TEXT],
  ['yara', TEXT],
  ['ioc', TEXT],
  ['cat', { characters: 'any', lineBytesMax: Number.POSITIVE_INFINITY, lines: undefined }],
])

export const SIGNATURE_FILE_EXTENSIONS: readonly string[] = [
  ...LINE_FORMATS.keys(),
  ...OTHER_FORMATS.keys(),
].sort()

export class SignatureFileChecker {
  readonly faults: SignatureFileFault[] = []
  readonly #file: string
  readonly #format: FileFormat | undefined
  #bytes = 0
  #lines = 0
  #signatures = 0
  /** The beginning of a line whose end has not come yet. */
  #begun: Uint8Array[] = []
  #begunBytes = 0

  constructor(file: string) {
    this.#file = file
    this.#format = formatOf(file)
    if (this.#format === undefined) this.faults.push({ kind: 'unknown-extension', file })
  }

  /** Lines that are neither comments nor refused. */
  get signatures(): number {
    return this.#signatures
  }

  /** False when there is no use in reading on. */
  push(chunk: Uint8Array): boolean {
    if (this.#format === undefined || this.#isFull()) return false
    this.#bytes += chunk.byteLength
    if (this.#bytes > SIGNATURE_FILE_BYTES_MAX) {
      this.faults.push({
        kind: 'file-too-large',
        file: this.#file,
        bytesMax: SIGNATURE_FILE_BYTES_MAX,
      })
      return false
    }
    if (this.#format.characters !== 'any') this.#readLines(chunk, this.#format)
    return !this.#isFull()
  }

  /** Call once, when the file has ended. */
  finish(): readonly SignatureFileFault[] {
    if (this.#format !== undefined && this.faults.length === 0 && this.#bytes === 0) {
      this.faults.push({ kind: 'empty-file', file: this.#file })
    }
    if (this.#begunBytes > 0 && !this.#isFull()) this.#finishLastLine()
    return this.faults
  }

  #readLines(chunk: Uint8Array, format: FileFormat): void {
    let at = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, at)) {
      this.#endLine(chunk.subarray(at, end), format)
      at = end + 1
      if (this.#isFull()) return
    }
    this.#begin(chunk.subarray(at), format)
  }

  #begin(part: Uint8Array, format: FileFormat): void {
    // A line that is too long is not gathered: what is here already is enough to refuse it at its end.
    if (this.#begunBytes <= format.lineBytesMax && part.byteLength > 0) this.#begun.push(part)
    this.#begunBytes += part.byteLength
  }

  #endLine(part: Uint8Array, format: FileFormat): void {
    this.#begin(part, format)
    const bytes = this.#begun.length === 1 ? this.#begun[0] : Buffer.concat(this.#begun)
    const length = this.#begunBytes
    this.#begun = []
    this.#begunBytes = 0
    this.#lines += 1
    if (this.#lines > LINES_MAX) this.#refuse(`more than ${LINES_MAX} lines`)
    else if (length + 1 > format.lineBytesMax) {
      this.#refuse(`the line has more than ${format.lineBytesMax} bytes`)
    } else this.#judge(bytes ?? new Uint8Array(0), format)
  }

  #finishLastLine(): void {
    const format = this.#format
    if (format?.lines !== undefined) {
      this.#lines += 1
      this.#refuse('the last line has no line end: the file looks cut off')
    } else if (format !== undefined) this.#endLine(new Uint8Array(0), format)
  }

  #judge(bytes: Uint8Array, format: FileFormat): void {
    const line = toLatin1(bytes)
    const reason = badCharacter(line, format.characters) ?? badLine(line, format.lines)
    if (reason !== undefined) this.#refuse(reason)
    else if (!line.startsWith('#')) this.#signatures += 1
  }

  #refuse(reason: string): void {
    this.faults.push({ kind: 'bad-line', file: this.#file, line: this.#lines, reason })
  }

  #isFull(): boolean {
    return this.faults.length >= SIGNATURE_FAULTS_MAX || this.#lines > LINES_MAX
  }
}

export function describeSignatureFileFault(fault: SignatureFileFault): string {
  switch (fault.kind) {
    case 'unknown-extension':
      return `${fault.file}: not a kind of signature file that the engine loads`
    case 'empty-file':
      return `${fault.file}: no bytes; the engine refuses an empty file, one comment line is enough`
    case 'file-too-large':
      return `${fault.file}: more than ${fault.bytesMax} bytes`
    case 'bad-line':
      return `${fault.file} line ${fault.line}: ${fault.reason}`
  }
}

function formatOf(file: string): FileFormat | undefined {
  const extension = file.slice(file.lastIndexOf('.') + 1)
  const lines = LINE_FORMATS.get(extension)
  if (lines === undefined) return OTHER_FORMATS.get(extension)
  const characters = lines.beyondAscii === true ? 'beyond-ascii' : 'ascii'
  return { characters, lineBytesMax: lines.lineBytesMax, lines }
}

/** One character a byte. Tab and CR are at home in rules only. */
const FOREIGN = {
  ascii: /[^ -~]/,
  'beyond-ascii': /[^ -~\x80-\xff]/,
  text: /[^\t\r -~\x80-\xff]/,
  any: /(?!)/,
} as const satisfies Record<FileFormat['characters'], RegExp>

function badCharacter(line: string, characters: FileFormat['characters']): string | undefined {
  const at = line.search(FOREIGN[characters])
  if (at < 0) return undefined
  if (line.charCodeAt(at) === 0x0d) return 'the line ends in CR, or has one inside'
  return `byte ${at + 1} is not printable`
}

function badLine(line: string, format: LineFormat | undefined): string | undefined {
  if (format === undefined || line.startsWith('#')) return undefined
  if (line === '') return 'the line is empty'
  const fields = line.split(format.separator)
  const { fieldsMin, fieldsMax, separator } = format
  if (fields.length < fieldsMin || fields.length > fieldsMax) {
    const wanted = fieldsMin === fieldsMax ? fieldsMin : `${fieldsMin} to ${fieldsMax}`
    return `${fields.length} fields between "${separator}", ${wanted} wanted`
  }
  return format.check(fields)
}
