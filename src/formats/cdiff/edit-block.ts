import { fromLatin1 } from '#base/bytes.ts'
import { Blocks } from './blocks.ts'
import { SCRIPT_BYTES_MAX } from './container.ts'

/** One file's part of a script as it grows, from `OPEN` to `CLOSE`. Edits come in the order of the old lines. */
const BLANK = 0x20
const LF = 0x0a
/** As sigtool: enough to see that the file is another, little enough to be worth it. */
const START_CHARS_MAX = 16
/** The buffer for a line in older clients, which a remark makes larger. */
const CLIENT_LINE_BYTES = 32_768
/** What a script's line has around a line of a member: command, number, start. */
const AROUND_LINE_BYTES = 64

export class EditBlock {
  readonly #file: string
  readonly #blocks = new Blocks()
  readonly #pieces: Uint8Array[] = []
  #bytes = 0
  #longest = 0
  #isEmpty = true

  constructor(file: string) {
    this.#file = file
  }

  get isEmpty(): boolean {
    return this.#isEmpty
  }

  /** Nothing more is taken in: the script would be larger than one may be. */
  get isFull(): boolean {
    return this.#bytes > SCRIPT_BYTES_MAX
  }

  /** Clients pass every line of an edited file through a buffer, so the longest counts even if it stays. */
  seeLine(bytes: number): void {
    this.#longest = Math.max(this.#longest, bytes)
  }

  /** With their LF, like every line here. */
  add(line: Uint8Array): void {
    this.#write('ADD ', line)
  }

  delete(number: number, old: Uint8Array): void {
    this.seeLine(old.byteLength)
    this.#write(`DEL ${number} `, startOf(old), LINE_END)
  }

  exchange(number: number, old: Uint8Array, fresh: Uint8Array): void {
    this.seeLine(old.byteLength)
    this.#write(`XCHG ${number} `, startOf(old), ONE_BLANK, fresh)
  }

  /** The whole part, and how long it is. Nothing for a file that stays as it is. */
  finish(): { readonly pieces: readonly Uint8Array[]; readonly bytes: number } {
    if (this.#isEmpty) return { pieces: [], bytes: 0 }
    const hint = this.#longest + AROUND_LINE_BYTES
    const remark = hint > CLIENT_LINE_BYTES ? `#LSIZE ${hint}\n` : ''
    const head = fromLatin1(`${remark}OPEN ${this.#file}\n`)
    this.#blocks.flush()
    const pieces = [head, ...this.#pieces, ...this.#blocks.take(), CLOSE]
    return { pieces, bytes: this.#bytes + head.byteLength + CLOSE.byteLength }
  }

  #write(command: string, ...parts: readonly Uint8Array[]): void {
    this.#isEmpty = false
    if (this.isFull) return
    const bytes = parts.reduce((sum, part) => sum + part.byteLength, command.length)
    this.#blocks.append(fromLatin1(command))
    for (const part of parts) this.#blocks.append(part)
    this.#pieces.push(...this.#blocks.take())
    this.#bytes += bytes
    this.seeLine(bytes)
  }
}

const LINE_END = Uint8Array.of(LF)
const ONE_BLANK = Uint8Array.of(BLANK)
const CLOSE = fromLatin1('CLOSE\n')

/** At most 16 characters, cut at the first blank: what a client compares a line with. */
export function startOf(line: Uint8Array): Uint8Array {
  let length = 0
  const most = Math.min(START_CHARS_MAX, line.byteLength)
  while (length < most && line[length] !== BLANK && line[length] !== LF) length += 1
  return line.subarray(0, length)
}

/** `XCHG` separates the start from the new line by a blank, and clients take no empty word for a start. */
export function canBeExchanged(line: Uint8Array): boolean {
  return line.byteLength > 0 && line[0] !== BLANK && line[0] !== LF
}
