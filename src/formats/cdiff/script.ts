import { toLatin1 } from '#base/bytes.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { SCRIPT_BYTES_MAX } from './container.ts'

/**
 * The script inside a patch (formats.md 4.2): LF lines, a command in capitals, single blanks between its words. It is
 * read as a whole before anything is changed, into few and small pieces: a step a block, and a number an edit that
 * says where in the script it stands, so that memory stays flat whatever the script is. Texts stay in the script.
 *
 * We take what freshclam takes, with these exceptions, none of which a builder writes: words after `CLOSE` and a seventh
 * after `MOVE`, a bare `ADD`, a file left open at the end, a last line without LF, signs before numbers, moving a file
 * onto itself, `.` and `..` as names.
 */
export interface Script {
  readonly bytes: Uint8Array
  readonly steps: readonly Step[]
}

export type Step = EditStep | MoveStep | UnlinkStep

export interface EditStep {
  readonly kind: 'edit'
  readonly file: string
  /** Line of the script, from 1. */
  readonly line: number
  /** The block's lines in the script, without `OPEN` and `CLOSE`. */
  readonly from: number
  readonly to: number
  /** Ascending `packEdit` numbers, one an edited line of the file. */
  readonly edits: Float64Array
  readonly additions: number
}

export interface MoveStep {
  readonly kind: 'move'
  readonly line: number
  readonly source: string
  readonly target: string
  readonly first: { readonly at: number; readonly start: Uint8Array }
  readonly last: { readonly at: number; readonly start: Uint8Array }
}

export interface UnlinkStep {
  readonly kind: 'unlink'
  readonly line: number
  readonly file: string
}

export type ScriptFaultKind =
  | 'script-too-large'
  | 'no-line-end'
  | 'unknown-command'
  | 'word-missing'
  | 'too-many-words'
  | 'bad-line-number'
  | 'bad-file-name'
  | 'file-still-open'
  | 'no-file-open'
  | 'moved-onto-itself'
  | 'too-many-steps'
  | 'too-many-edits'

export interface ScriptFault {
  readonly kind: ScriptFaultKind
  /** Line of the script, from 1. */
  readonly line: number
}

const LF = 0x0a
const BLANK = 0x20
const HASH = 0x23
/** Guess: a database has under a hundred members, and a patch touches each once or twice. */
const STEPS_MAX = 10_000
/** Eight bytes each. A patch that edits more lines than this is larger than the database. */
const EDITS_MAX = 2 ** 21
/** A number and an offset share one double: 2^27 lines, far above any member, times 2^26 bytes of script. */
const LINE_NUMBER_MAX = 2 ** 27 - 1
/** A member's name in a tar header. */
const FILE_NAME_CHARS_MAX = 99

/** One edit in one number: which line of the file, and where in the script it is written. Later wins, sorting keeps order. */
export function packEdit(at: number, offset: number): number {
  return at * SCRIPT_BYTES_MAX + offset
}

export function unpackEdit(edit: number): { readonly at: number; readonly offset: number } {
  const at = Math.floor(edit / SCRIPT_BYTES_MAX)
  return { at, offset: edit - at * SCRIPT_BYTES_MAX }
}

export function parseScript(bytes: Uint8Array): Outcome<Script, ScriptFault> {
  if (bytes.byteLength > SCRIPT_BYTES_MAX) return fail({ kind: 'script-too-large', line: 1 })
  const reader = new ScriptReader(bytes)
  let line = 1
  for (let at = 0; at < bytes.byteLength; line++) {
    const end = bytes.indexOf(LF, at)
    if (end < 0) return fail({ kind: 'no-line-end', line })
    const kind = bytes[at] === HASH ? undefined : reader.readLine(at, end, line)
    if (kind !== undefined) return fail({ kind, line })
    at = end + 1
  }
  if (reader.isOpen) return fail({ kind: 'file-still-open', line })
  return ok({ bytes, steps: reader.steps })
}

/** The words of `DEL <n> <start>` or `XCHG <n> <start> <new line>` that stand at `offset`. */
export function editAt(
  bytes: Uint8Array,
  offset: number,
): { readonly start: Uint8Array; readonly replacement: Uint8Array | undefined } {
  const end = bytes.indexOf(LF, offset)
  const isExchange = bytes[offset] === 'X'.charCodeAt(0)
  const number = bytes.indexOf(BLANK, offset) + 1
  const start = bytes.indexOf(BLANK, number) + 1
  const blank = bytes.indexOf(BLANK, start)
  const startEnd = blank < 0 || blank > end ? end : blank
  return {
    start: bytes.subarray(start, startEnd),
    replacement: isExchange ? bytes.subarray(startEnd + 1, end + 1) : undefined,
  }
}

class ScriptReader {
  readonly steps: Step[] = []
  readonly #bytes: Uint8Array
  #open: { readonly file: string; readonly line: number; readonly from: number } | undefined
  #edits: number[] = []
  #editsOfAll = 0
  #additions = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /** Reads the line from `at` to its LF at `end`; a fault stops everything. */
  readLine(at: number, end: number, line: number): ScriptFaultKind | undefined {
    const lookedAt = this.#bytes.subarray(at, Math.min(end, at + 'UNLINK '.length))
    const blank = lookedAt.indexOf(BLANK)
    const wordEnd = at + (blank < 0 ? lookedAt.byteLength : blank)
    if (wordEnd - at > 'UNLINK'.length) return 'unknown-command'
    const command = toLatin1(this.#bytes.subarray(at, wordEnd))
    const hasRest = wordEnd < end
    switch (command) {
      case 'ADD':
        return this.#add(hasRest)
      case 'DEL':
        return this.#edit(at, wordEnd + 1, end, 2)
      case 'XCHG':
        return this.#edit(at, wordEnd + 1, end, 3)
      case 'CLOSE':
        return hasRest ? 'too-many-words' : this.#close(at)
      case 'OPEN':
      case 'UNLINK':
      case 'MOVE':
        if (this.#open !== undefined) return 'file-still-open'
        if (!hasRest) return 'word-missing'
        return this.#whole(command, wordEnd + 1, end, line)
      default:
        return 'unknown-command'
    }
  }

  #add(hasRest: boolean): ScriptFaultKind | undefined {
    if (this.#open === undefined) return 'no-file-open'
    if (!hasRest) return 'word-missing'
    this.#additions += 1
    return undefined
  }

  #edit(offset: number, from: number, end: number, wordsMin: number): ScriptFaultKind | undefined {
    if (this.#open === undefined) return 'no-file-open'
    let blanks = 0
    let numberEnd = end
    for (let at = from; at < end && blanks < wordsMin - 1; at++) {
      if (this.#bytes[at] !== BLANK) continue
      if (blanks === 0) numberEnd = at
      blanks += 1
    }
    if (from > end || blanks < wordsMin - 1) return 'word-missing'
    const at = lineNumber(toLatin1(this.#bytes.subarray(from, Math.min(numberEnd, from + 12))))
    if (at === undefined) return 'bad-line-number'
    if (++this.#editsOfAll > EDITS_MAX) return 'too-many-edits'
    this.#edits.push(packEdit(at, offset))
    return undefined
  }

  #close(to: number): ScriptFaultKind | undefined {
    if (this.#open === undefined) return 'no-file-open'
    if (this.steps.length >= STEPS_MAX) return 'too-many-steps'
    const edits = lastOfEachLine(Float64Array.from(this.#edits).sort())
    this.steps.push({ kind: 'edit', ...this.#open, to, edits, additions: this.#additions })
    this.#open = undefined
    this.#edits = []
    this.#additions = 0
    return undefined
  }

  #whole(
    command: 'OPEN' | 'UNLINK' | 'MOVE',
    from: number,
    end: number,
    line: number,
  ): ScriptFaultKind | undefined {
    if (this.steps.length >= STEPS_MAX) return 'too-many-steps'
    if (command === 'MOVE') return this.#move(from, end, line)
    if (end - from > FILE_NAME_CHARS_MAX) return 'bad-file-name'
    const file = toLatin1(this.#bytes.subarray(from, end))
    if (!isFileName(file)) return 'bad-file-name'
    if (command === 'UNLINK') this.steps.push({ kind: 'unlink', line, file })
    else this.#open = { file, line, from: end + 1 }
    return undefined
  }

  #move(from: number, end: number, line: number): ScriptFaultKind | undefined {
    const words: Uint8Array[] = []
    for (let at = from; at <= end && words.length <= 6; ) {
      const blank = this.#bytes.indexOf(BLANK, at)
      const wordEnd = blank < 0 || blank > end ? end : blank
      words.push(this.#bytes.subarray(at, wordEnd))
      at = wordEnd + 1
    }
    const [source, target, first, firstStart, last, lastStart, more] = words
    if (!source || !target || !first || !firstStart || !last || !lastStart) return 'word-missing'
    if (more !== undefined) return 'too-many-words'
    const [sourceName, targetName] = [fileName(source), fileName(target)]
    if (sourceName === undefined || targetName === undefined) return 'bad-file-name'
    if (sourceName === targetName) return 'moved-onto-itself'
    const [firstAt, lastAt] = [first, last].map((word) =>
      lineNumber(toLatin1(word.subarray(0, 12))),
    )
    // A one-line move never ends in freshclam, so it fails there too (formats.md 4.2).
    if (firstAt === undefined || lastAt === undefined || firstAt >= lastAt) return 'bad-line-number'
    this.steps.push({
      kind: 'move',
      line,
      source: sourceName,
      target: targetName,
      first: { at: firstAt, start: firstStart },
      last: { at: lastAt, start: lastStart },
    })
    return undefined
  }
}

function lineNumber(text: string): number | undefined {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= LINE_NUMBER_MAX ? number : undefined
}

function fileName(word: Uint8Array): string | undefined {
  if (word.byteLength > FILE_NAME_CHARS_MAX) return undefined
  const name = toLatin1(word)
  return isFileName(name) ? name : undefined
}

/** A name that `OPEN` and `UNLINK` take: no dash, no path. */
export function isFileName(name: string): boolean {
  return name.length <= FILE_NAME_CHARS_MAX && /^[A-Za-z0-9._]+$/.test(name) && !/^\.+$/.test(name)
}

/** Of several edits of one line the one that stands last in the script counts. */
function lastOfEachLine(sorted: Float64Array): Float64Array {
  let kept = 0
  sorted.forEach((edit, index) => {
    const next = sorted[index + 1]
    if (next === undefined || unpackEdit(next).at !== unpackEdit(edit).at) sorted[kept++] = edit
  })
  return sorted.subarray(0, kept)
}
