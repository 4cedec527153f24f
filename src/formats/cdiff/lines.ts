import type { Blocks } from './blocks.ts'
import { editAt, type MoveStep, unpackEdit } from './script.ts'

/**
 * A member passes through here in large blocks; only line ends are looked for, and only up to the next edit. Nothing
 * of the member is kept: a line may be longer than any block, since its start is compared piece by piece.
 */
export type LineFault =
  /** `offset` is where in the script the edit stands that the member contradicts. */
  | { readonly kind: 'pattern-differs'; readonly offset: number; readonly at: number }
  | { readonly kind: 'line-missing'; readonly offset: number; readonly at: number }
  | { readonly kind: 'member-without-line-end' }

const LF = 0x0a
/** A short block may ask for long new lines; beyond this the caller hands on before he goes on. */
const READY_BYTES_MAX = 1024 * 1024

/** Compares the start of a line with a pattern, over as many blocks as the line takes. */
class StartOfLine {
  readonly #pattern: Uint8Array
  #matched = 0

  constructor(pattern: Uint8Array) {
    this.#pattern = pattern
  }

  get complete(): boolean {
    return this.#matched === this.#pattern.byteLength
  }

  /** False as soon as a byte differs. A pattern holds no LF, so a short line differs by itself. */
  fits(block: Uint8Array, at: number): boolean {
    const count = Math.min(block.byteLength - at, this.#pattern.byteLength - this.#matched)
    for (let index = 0; index < count; index++) {
      if (block[at + index] !== this.#pattern[this.#matched + index]) return false
    }
    this.#matched += count
    return true
  }
}

interface Edit {
  readonly at: number
  readonly offset: number
  readonly start: StartOfLine
  readonly replacement: Uint8Array | undefined
}

/** Applies a block's edits, which are sorted by line, to the member's bytes. */
export class LineEditor {
  readonly #script: Uint8Array
  readonly #edits: Float64Array
  readonly #out: Blocks
  #index = 0
  #edit: Edit | undefined
  /** Number of the line that the next byte belongs to. */
  #line = 1
  #insideEdited = false
  #endsInLine = false

  constructor(script: Uint8Array, edits: Float64Array, out: Blocks) {
    this.#script = script
    this.#edits = edits
    this.#out = out
    this.#edit = this.#nextEdit()
  }

  /** Works on `block` from `from` on; returns how far it came, which is short of the end when much is ready. */
  push(block: Uint8Array, from: number): number | LineFault {
    let at = from
    while (at < block.byteLength && this.#out.readyBytes < READY_BYTES_MAX) {
      const edit = this.#edit
      if (edit === undefined) {
        this.#out.append(block.subarray(at))
        at = block.byteLength
        break
      }
      if (!this.#insideEdited) at = this.#copyUpTo(edit.at, block, at)
      if (at === block.byteLength) break
      this.#insideEdited = true
      if (!edit.start.complete && !edit.start.fits(block, at)) {
        return { kind: 'pattern-differs', offset: edit.offset, at: edit.at }
      }
      at = this.#dropLine(edit, block, at)
    }
    this.#endsInLine = block[block.byteLength - 1] !== LF
    return at
  }

  finish(): LineFault | undefined {
    if (this.#endsInLine) return { kind: 'member-without-line-end' }
    if (this.#edit === undefined) return undefined
    return { kind: 'line-missing', offset: this.#edit.offset, at: this.#edit.at }
  }

  /** Copies whole lines before line `wanted`; returns where that line starts, or the block's end. */
  #copyUpTo(wanted: number, block: Uint8Array, from: number): number {
    let at = from
    while (this.#line < wanted && at < block.byteLength) {
      const end = block.indexOf(LF, at)
      if (end < 0) at = block.byteLength
      else {
        at = end + 1
        this.#line += 1
      }
    }
    this.#out.append(block.subarray(from, at))
    return at
  }

  #dropLine(edit: Edit, block: Uint8Array, at: number): number {
    const end = block.indexOf(LF, at)
    if (end < 0) return block.byteLength
    if (edit.replacement !== undefined) this.#out.append(edit.replacement)
    this.#line += 1
    this.#insideEdited = false
    this.#edit = this.#nextEdit()
    return end + 1
  }

  #nextEdit(): Edit | undefined {
    const packed = this.#edits[this.#index]
    if (packed === undefined) return undefined
    this.#index += 1
    const { at, offset } = unpackEdit(packed)
    const { start, replacement } = editAt(this.#script, offset)
    return { at, offset, start: new StartOfLine(start), replacement }
  }
}

/** Tells for each block of a member which part of it lies in the lines that `MOVE` takes away. */
export class LineRange {
  readonly #step: Pick<MoveStep, 'first' | 'last'>
  #line = 1
  #atLineStart = true
  #phase: 'before' | 'inside' | 'after' = 'before'
  #start: StartOfLine | undefined

  constructor(step: Pick<MoveStep, 'first' | 'last'>) {
    this.#step = step
  }

  get complete(): boolean {
    return this.#phase === 'after'
  }

  /** `undefined` when a line does not start as the script says. */
  push(block: Uint8Array): { readonly from: number; readonly to: number } | undefined {
    let from = this.#phase === 'inside' ? 0 : block.byteLength
    let at = 0
    while (at < block.byteLength && this.#phase !== 'after') {
      if (this.#atLineStart && this.#line === this.#step.first.at) {
        this.#phase = 'inside'
        from = at
      }
      if (this.#atLineStart) this.#start = this.#patternOf(this.#line)
      if (this.#start !== undefined && !this.#start.complete && !this.#start.fits(block, at)) {
        return undefined
      }
      const end = block.indexOf(LF, at)
      this.#atLineStart = end >= 0
      at = end < 0 ? block.byteLength : end + 1
      if (end >= 0) this.#line += 1
      if (this.#line > this.#step.last.at) this.#phase = 'after'
    }
    return { from, to: Math.max(from, at) }
  }

  #patternOf(line: number): StartOfLine | undefined {
    const { first, last } = this.#step
    if (line === first.at) return new StartOfLine(first.start)
    return line === last.at ? new StartOfLine(last.start) : undefined
  }
}
