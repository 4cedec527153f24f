/**
 * A moving view on the lines of a member: whole lines from the cursor on, as many as somebody wants to see, until
 * `WINDOW_BYTES_MAX`. The bytes lie side by side in one buffer, so that lines are compared without being copied.
 */
const LF = 0x0a
const BUFFER_BYTES_MIN = 1024 * 1024
/** Two of these are held while two members are compared. Guess: some eighty thousand lines of usual length. */
export const WINDOW_BYTES_MAX = 8 * 1024 * 1024

export class LineWindow {
  readonly #blocks: AsyncIterator<Uint8Array>
  readonly #look: (block: Uint8Array) => void
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES_MIN)
  #at = 0
  #end = 0
  #ended = false

  /** `look` sees each block as it comes. */
  constructor(blocks: AsyncIterable<Uint8Array>, look: (block: Uint8Array) => void) {
    this.#blocks = blocks[Symbol.asyncIterator]()
    this.#look = look
  }

  /** What `at` and `end` are places in. Reading more moves them. */
  get buffer(): Buffer {
    return this.#buffer
  }

  get at(): number {
    return this.#at
  }

  get end(): number {
    return this.#end
  }

  get ended(): boolean {
    return this.#ended
  }

  advanceTo(at: number): void {
    this.#at = at
  }

  /** Reads one more block; false when there is none. */
  async fill(): Promise<boolean> {
    if (this.#ended) return false
    const { done, value } = await this.#blocks.next()
    if (done === true) {
      this.#ended = true
      return false
    }
    this.#look(value)
    this.#makeRoom(value.byteLength)
    this.#buffer.set(value, this.#end)
    this.#end += value.byteLength
    return true
  }

  /** Where the next lines end (behind their LF): `wanted` of them, or what there is. A last line without LF is none. */
  async lines(wanted: number): Promise<Int32Array> {
    const lengths = new Int32Array(wanted)
    let found = 0
    let read = 0
    while (found < wanted) {
      const lf = this.#buffer.indexOf(LF, this.#at + read)
      if (lf >= 0 && lf < this.#end && this.#at + read < this.#end) {
        read = lf + 1 - this.#at
        lengths[found++] = read
      } else {
        const isFull = this.#end - this.#at >= WINDOW_BYTES_MAX
        if (isFull || !(await this.fill())) break
      }
    }
    const at = this.#at
    return lengths.subarray(0, found).map((length) => at + length)
  }

  async close(): Promise<void> {
    await this.#blocks.return?.()
  }

  #makeRoom(more: number): void {
    if (this.#end + more <= this.#buffer.byteLength) return
    const held = this.#end - this.#at
    if ((held + more) * 2 <= this.#buffer.byteLength) {
      this.#buffer.copyWithin(0, this.#at, this.#end)
    } else {
      const larger = Buffer.allocUnsafeSlow((held + more) * 2)
      larger.set(this.#buffer.subarray(this.#at, this.#end))
      this.#buffer = larger
    }
    this.#at = 0
    this.#end = held
  }
}

/** Equal bytes are looked for in pieces of this size. */
const PIECE_BYTES = 2048

export function equalBytes(a: LineWindow, b: LineWindow): number {
  const most = Math.min(a.end - a.at, b.end - b.at)
  for (let done = 0; done < most; done += PIECE_BYTES) {
    const to = Math.min(done + PIECE_BYTES, most)
    if (a.buffer.compare(b.buffer, b.at + done, b.at + to, a.at + done, a.at + to) === 0) continue
    let at = done
    while (a.buffer[a.at + at] === b.buffer[b.at + at]) at += 1
    return at
  }
  return most
}

/** How many of the next `bytes` are in whole lines. */
export function wholeLines(window: LineWindow, bytes: number): number {
  if (bytes === 0) return 0
  const lf = window.buffer.lastIndexOf(LF, window.at + bytes - 1)
  return lf < window.at ? 0 : lf + 1 - window.at
}

export function linesIn(
  window: LineWindow,
  start: (line: number) => number,
  from: number,
  to: number,
): readonly Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let line = from; line < to; line++) {
    lines.push(window.buffer.subarray(start(line), start(line + 1)))
  }
  return lines
}
