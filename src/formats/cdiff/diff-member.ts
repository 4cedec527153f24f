import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type Alignment, align, endOfSureRun } from './align.ts'
import { canBeExchanged, EditBlock } from './edit-block.ts'
import { equalBytes, LineWindow, linesIn, wholeLines } from './line-window.ts'

/**
 * The edits that lead from one member to the next version of it, in one walk with two cursors and flat memory. While
 * the cursors stand on equal lines, they run. Where not, a window of lines is looked at on both sides, and a wider one
 * until a stretch of equal lines shows where to go on (`align.ts`). The widest sees 65,536 lines: so large a hole is
 * still found.
 */
export type MemberDiff =
  /** A part of a script, without pieces if the members are equal. */
  | {
      readonly kind: 'edits'
      readonly pieces: readonly Uint8Array[]
      readonly bytes: number
      /** Of the whole new member. */
      readonly freshBytes: number
    }
  /** The old member cannot be edited, or a line cannot be said: it is to be written anew. */
  | { readonly kind: 'rewrite' }

/** What no script can say of a member. */
export interface DiffFault {
  readonly kind:
    | 'bad-member-name'
    | 'carriage-return'
    | 'nul-byte'
    | 'no-last-line-end'
    | 'empty-member'
    | 'line-too-long'
    | 'change-too-large'
  readonly file: string
}

const LF = 0x0a
const CR = 0x0d
const WINDOW_LINES_MIN = 16
const WINDOW_LINES_MAX = 65_536
const WINDOW_GROWTH = 4
/** How many lines at a time are added or deleted at the end. */
const TAIL_LINES = 1024

export async function diffMember(
  file: string,
  old: AsyncIterable<Uint8Array>,
  fresh: AsyncIterable<Uint8Array>,
): Promise<Outcome<MemberDiff, DiffFault>> {
  const walk = new Walk(file, old, fresh)
  try {
    return await walk.run()
  } finally {
    await walk.close()
  }
}

/** Notes what a new member's bytes may not hold. */
export function unsayable(block: Uint8Array): 'carriage-return' | 'nul-byte' | undefined {
  if (block.includes(0)) return 'nul-byte'
  return block.includes(CR) ? 'carriage-return' : undefined
}

class Walk {
  readonly #file: string
  readonly #old: LineWindow
  readonly #fresh: LineWindow
  readonly #edits: EditBlock
  /** Number of the old line at the cursor. */
  #line = 1
  #rewrite = false
  #fault: DiffFault['kind'] | undefined
  #freshBytes = 0

  constructor(file: string, old: AsyncIterable<Uint8Array>, fresh: AsyncIterable<Uint8Array>) {
    this.#file = file
    this.#edits = new EditBlock(file)
    this.#old = new LineWindow(old, (block) => {
      // Clients would lose what stands behind it in the line.
      this.#rewrite ||= block.includes(0)
    })
    this.#fresh = new LineWindow(fresh, (block) => {
      this.#freshBytes += block.byteLength
      this.#fault ??= unsayable(block)
    })
  }

  async run(): Promise<Outcome<MemberDiff, DiffFault>> {
    while ((await this.#runOnEqual()) === 'differ' && (await this.#goRound()));
    const isEqual = this.#edits.isEmpty && this.#isSameRest()
    if (isEqual) return ok({ kind: 'edits', pieces: [], bytes: 0, freshBytes: this.#freshBytes })
    if (!this.#stopped()) await this.#finishTails()
    if (this.#rewrite || this.#edits.isFull) return ok({ kind: 'rewrite' })
    if (this.#fault !== undefined) return fail({ kind: this.#fault, file: this.#file })
    return ok({ kind: 'edits', ...this.#edits.finish(), freshBytes: this.#freshBytes })
  }

  async close(): Promise<void> {
    await Promise.all([this.#old.close(), this.#fresh.close()])
  }

  #stopped(): boolean {
    return this.#rewrite || this.#fault !== undefined || this.#edits.isFull
  }

  /** Goes on while whole lines are equal, until two lines differ or one side has no more bytes. */
  async #runOnEqual(): Promise<'differ' | 'ended'> {
    const [old, fresh] = [this.#old, this.#fresh]
    for (;;) {
      const equal = equalBytes(old, fresh)
      const lines = wholeLines(old, equal)
      this.#countLines(old.at, old.at + lines)
      old.advanceTo(old.at + lines)
      fresh.advanceTo(fresh.at + lines)
      const rest = equal - lines
      const [oldOut, freshOut] = [old.at + rest === old.end, fresh.at + rest === fresh.end]
      if (!oldOut && !freshOut) return 'differ'
      const filled = (oldOut && (await old.fill())) || (freshOut && (await fresh.fill()))
      if (filled) continue
      return 'ended'
    }
  }

  #countLines(from: number, to: number): void {
    const { buffer } = this.#old
    let longest = 0
    for (let at = from; at < to; this.#line++) {
      const next = buffer.indexOf(LF, at) + 1
      longest = Math.max(longest, next - at)
      at = next
    }
    this.#edits.seeLine(longest)
  }

  /** The lines differ: says how, as far as it can be seen. False when that is the end of the walk. */
  async #goRound(): Promise<boolean> {
    const [old, fresh] = [this.#old, this.#fresh]
    for (let wanted = WINDOW_LINES_MIN; ; wanted *= WINDOW_GROWTH) {
      if (this.#stopped()) return false
      const oldEnds = await old.lines(wanted)
      const freshEnds = await fresh.lines(wanted)
      if (oldEnds.length === 0 || freshEnds.length === 0) return false
      const isRest =
        oldEnds.length < wanted && freshEnds.length < wanted && old.ended && fresh.ended
      if (isRest && this.#endsInLines(oldEnds, freshEnds)) {
        const alignment = align(old, oldEnds, fresh, freshEnds)
        return this.#say(alignment, freshEnds.length, { oldEnds, freshEnds, isRest })
      }
      const isWidest =
        wanted >= WINDOW_LINES_MAX || Math.max(oldEnds.length, freshEnds.length) < wanted
      const alignment = align(old, oldEnds, fresh, freshEnds)
      const upTo = endOfSureRun(alignment, isWidest ? Number.POSITIVE_INFINITY : wanted)
      if (upTo > 0) return this.#say(alignment, upTo, { oldEnds, freshEnds, isRest: false })
      if (!isWidest) continue
      // Nothing to go by: line for line, which keeps every way open.
      const half = Math.ceil(Math.min(oldEnds.length, freshEnds.length) / 2)
      const inStep = { olds: alignment.olds.map((place, line) => (place === line ? place : -1)) }
      return this.#say(inStep, half, { oldEnds, freshEnds, isRest: false })
    }
  }

  #endsInLines(oldEnds: Int32Array, freshEnds: Int32Array): boolean {
    return oldEnds.at(-1) === this.#old.end && freshEnds.at(-1) === this.#fresh.end
  }

  /** Says the first `upTo` new lines of a window, and what becomes of the old ones before and between them. */
  #say(
    { olds }: Alignment,
    upTo: number,
    window: { oldEnds: Int32Array; freshEnds: Int32Array; isRest: boolean },
  ): boolean {
    const { oldEnds, freshEnds, isRest } = window
    const [old, fresh] = [this.#old, this.#fresh]
    const oldStart = (line: number) => oldEnds[line - 1] ?? old.at
    const freshStart = (line: number) => freshEnds[line - 1] ?? fresh.at
    let [oldDone, freshDone] = [0, 0]
    const sayGap = (oldTo: number, freshTo: number) => {
      const slots = linesIn(old, oldStart, oldDone, oldTo)
      const news = linesIn(fresh, freshStart, freshDone, freshTo)
      this.#replace(this.#line + oldDone, slots, news, isRest && freshTo === freshEnds.length)
      oldDone = oldTo
      freshDone = freshTo
    }
    for (let line = 0; line < upTo; line++) {
      const place = olds[line] ?? -1
      if (place < 0) continue
      if (place > oldDone || line > freshDone) sayGap(place, line)
      oldDone = place + 1
      freshDone = line + 1
    }
    sayGap(isRest ? oldEnds.length : oldDone + upTo - freshDone, upTo)
    this.#line += oldDone
    old.advanceTo(oldStart(oldDone))
    fresh.advanceTo(freshStart(freshDone))
    return true
  }

  /** At least as many old lines as new ones, unless it is the end, where what is left over is added. */
  #replace(
    first: number,
    slots: readonly Uint8Array[],
    news: readonly Uint8Array[],
    isEnd: boolean,
  ): void {
    let said = 0
    for (const [index, slot] of slots.entries()) {
      const line = news[said]
      if (line !== undefined && canBeExchanged(slot)) {
        this.#edits.exchange(first + index, slot, line)
        said += 1
      } else this.#edits.delete(first + index, slot)
    }
    if (said < news.length && !isEnd) this.#rewrite = true
    else for (const line of news.slice(said)) this.#edits.add(line)
  }

  /** One side has no more whole lines: the other's are deleted, or added. */
  async #finishTails(): Promise<void> {
    const [old, fresh] = [this.#old, this.#fresh]
    for (
      let ends = await old.lines(TAIL_LINES);
      ends.length > 0;
      ends = await old.lines(TAIL_LINES)
    ) {
      const slots = linesIn(old, (line) => ends[line - 1] ?? old.at, 0, ends.length)
      this.#replace(this.#line, slots, [], true)
      this.#line += slots.length
      old.advanceTo(ends.at(-1) ?? old.end)
    }
    for (
      let ends = await fresh.lines(TAIL_LINES);
      ends.length > 0;
      ends = await fresh.lines(TAIL_LINES)
    ) {
      const lines = linesIn(fresh, (line) => ends[line - 1] ?? fresh.at, 0, ends.length)
      for (const line of lines) this.#edits.add(line)
      fresh.advanceTo(ends.at(-1) ?? fresh.end)
    }
    if (!old.ended || !fresh.ended) this.#fault ??= 'line-too-long'
    if (fresh.at < fresh.end) this.#fault ??= 'no-last-line-end'
    if (old.at < old.end) this.#rewrite = true
  }

  /** Both sides are read to their end, and what is left there is the same beginning of a line. */
  #isSameRest(): boolean {
    const [old, fresh] = [this.#old, this.#fresh]
    const rest = old.end - old.at
    const isSame = rest === fresh.end - fresh.at && equalBytes(old, fresh) === rest
    return old.ended && fresh.ended && isSame
  }
}
