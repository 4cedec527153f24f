import type { LineWindow } from './line-window.ts'

/**
 * Which lines of two windows stay. A script cannot insert: a new line takes the place of an old one (`XCHG`), or comes
 * at the end (`ADD`). So a line may stay only while at least as many old lines as new ones stand before it, and from
 * one staying line to the next the distance between old and new number never shrinks. The most lines stay along the
 * longest run of matches, in the order of the new lines, whose distances never shrink; that is a longest
 * non-decreasing subsequence, found in n log n.
 */
export interface Alignment {
  /** For each new line: the number of the old line in its window that stays, or -1. */
  readonly olds: Int32Array
}

/** A line that is repeated more often than this stays near its place or nowhere. */
const CANDIDATES_MAX = 8

export function align(
  old: LineWindow,
  oldEnds: Int32Array,
  fresh: LineWindow,
  freshEnds: Int32Array,
): Alignment {
  const candidates = new Candidates(old, oldEnds)
  const chain = new Chain(freshEnds.length)
  let from = fresh.at
  for (let line = 0; line < freshEnds.length; line++) {
    const end = freshEnds[line] ?? from
    // The farthest first, so that of the candidates of one line only one can be in the chain.
    const places = candidates.of(fresh.buffer, from, end, line)
    for (let index = places.length - 1; index >= 0; index--) {
      const place = places[index] ?? 0
      chain.add(line, place - line)
    }
    from = end
  }
  return { olds: chain.longest() }
}

/** So many equal lines in a row are no accident. */
const RUN_LINES = 8
/** A hole is believed when so much more than it was looked at, lest a block that only moved is taken for one. */
const SEEN_BEYOND_HOLE = 4

/** The end of the last stretch that is long enough to be believed, and lies within what was looked at. */
export function endOfSureRun({ olds }: Alignment, wanted: number): number {
  let length = 0
  for (let line = olds.length - 1; line >= 0; line--) {
    const place = olds[line] ?? -1
    const goesOn = place >= 0 && (length === 0 || olds[line + 1] === place + 1)
    length = goesOn ? length + 1 : place >= 0 ? 1 : 0
    const hole = place - line
    if (length >= RUN_LINES && hole * SEEN_BEYOND_HOLE <= wanted) {
      return line + length
    }
  }
  return 0
}

/** Where a line stands among the old ones, by its hash. */
class Candidates {
  readonly #buffer: Buffer
  readonly #start: number
  readonly #ends: Int32Array
  readonly #table: Int32Array
  readonly #next: Int32Array
  readonly #hashes: Int32Array
  readonly #mask: number

  constructor(old: LineWindow, ends: Int32Array) {
    this.#buffer = old.buffer
    this.#start = old.at
    this.#ends = ends
    let size = 16
    while (size < ends.length * 2) size *= 2
    this.#mask = size - 1
    this.#table = new Int32Array(size).fill(-1)
    this.#next = new Int32Array(ends.length)
    this.#hashes = new Int32Array(ends.length)
    // Backwards, so that each list begins with the nearest.
    for (let line = ends.length - 1; line >= 0; line--) {
      const hash = hashOf(this.#buffer, this.#startOf(line), ends[line] ?? 0)
      this.#hashes[line] = hash
      this.#next[line] = this.#table[hash & this.#mask] ?? -1
      this.#table[hash & this.#mask] = line
    }
  }

  /** Ascending, none before `least`, `CANDIDATES_MAX` at most. `least` may only grow from call to call. */
  of(buffer: Buffer, from: number, end: number, least: number): readonly number[] {
    const hash = hashOf(buffer, from, end)
    const slot = hash & this.#mask
    let line = this.#table[slot] ?? -1
    while (line >= 0 && line < least) line = this.#next[line] ?? -1
    this.#table[slot] = line
    const found: number[] = []
    for (; line >= 0 && found.length < CANDIDATES_MAX; line = this.#next[line] ?? -1) {
      if (this.#hashes[line] !== hash) continue
      const start = this.#startOf(line)
      const oldEnd = this.#ends[line] ?? start
      if (buffer.compare(this.#buffer, start, oldEnd, from, end) === 0) found.push(line)
    }
    return found
  }

  #startOf(line: number): number {
    return line === 0 ? this.#start : (this.#ends[line - 1] ?? this.#start)
  }
}

/** Over four bytes at a time would be faster, but lines start anywhere. Equal hashes are compared in full. */
function hashOf(buffer: Buffer, from: number, end: number): number {
  let hash = end - from
  for (let at = from; at < end; at++) hash = Math.imul(hash ^ (buffer[at] ?? 0), 0x01000193)
  return hash ^ (hash >>> 15)
}

/** The longest subsequence whose distances never shrink, of pairs that come in the order of the new lines. */
class Chain {
  readonly #lines: number[] = []
  readonly #distances: number[] = []
  readonly #before: number[] = []
  /** For each length, the pair that ends the chain of this length with the least distance. */
  readonly #best: number[] = []
  readonly #freshLines: number

  constructor(freshLines: number) {
    this.#freshLines = freshLines
  }

  add(line: number, distance: number): void {
    let [low, high] = [0, this.#best.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#distances[this.#best[middle] ?? 0] ?? 0) <= distance) low = middle + 1
      else high = middle
    }
    this.#lines.push(line)
    this.#distances.push(distance)
    this.#before.push(low === 0 ? -1 : (this.#best[low - 1] ?? -1))
    this.#best[low] = this.#lines.length - 1
  }

  longest(): Int32Array {
    const olds = new Int32Array(this.#freshLines).fill(-1)
    let pair = this.#best.at(-1) ?? -1
    for (; pair >= 0; pair = this.#before[pair] ?? -1) {
      const line = this.#lines[pair] ?? 0
      olds[line] = line + (this.#distances[pair] ?? 0)
    }
    return olds
  }
}
