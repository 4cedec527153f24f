/**
 * Counts of connections and answers that all threads of a mirror's web keep together. Each thread writes to a row of its
 * own and reads the sum of all, so that nobody waits for another; the row of a thread that died is emptied.
 *
 * Connections of one address are counted in two cells that its hash chooses, and the smaller one holds (a count-min
 * sketch): no list of addresses is kept, and a count is too high only where others share both cells. The hash has a seed,
 * so that nobody can choose an address to share.
 */
import { randomInt } from 'node:crypto'
import { FILE_CLASSES, type FileClass } from '#core/limits/index.ts'

const DOORS = ['http', 'https'] as const
export type DoorKind = (typeof DOORS)[number]

/** Twice the most connections that may be set: two addresses in a million million share both cells of an empty table. */
const ADDRESS_CELLS = 1 << 17
const SEEDS = 2
const ROW_CELLS = DOORS.length + FILE_CLASSES.length + SEEDS * ADDRESS_CELLS

export class Counts {
  /** To be given to another thread, with a row of its own. */
  readonly memory: SharedArrayBuffer
  readonly #cells: Int32Array
  readonly #rows: number
  readonly #row: number

  private constructor(memory: SharedArrayBuffer, row: number) {
    this.memory = memory
    this.#cells = new Int32Array(memory)
    this.#rows = Math.floor(this.#cells.length / ROW_CELLS)
    this.#row = row
  }

  static create(rows = 1): Counts {
    const bytes = (SEEDS + rows * ROW_CELLS) * Int32Array.BYTES_PER_ELEMENT
    const counts = new Counts(new SharedArrayBuffer(bytes), 0)
    for (let seed = 0; seed < SEEDS; seed++) counts.#cells[seed] = randomInt(0x7fff_ffff)
    return counts
  }

  /** The same counts, as the thread sees them that writes to `row`. */
  static share(memory: SharedArrayBuffer, row: number): Counts {
    return new Counts(memory, row)
  }

  connections(): number {
    return DOORS.reduce((sum, door) => sum + this.connectionsAt(door), 0)
  }

  connectionsAt(door: DoorKind): number {
    return this.#sum(DOORS.indexOf(door))
  }

  connectionsOf(address: string): number {
    return Math.min(
      this.#sum(this.#addressCell(address, 0)),
      this.#sum(this.#addressCell(address, 1)),
    )
  }

  countConnection(door: DoorKind, address: string, change: 1 | -1): void {
    this.#add(DOORS.indexOf(door), change)
    for (let seed = 0; seed < SEEDS; seed++) this.#add(this.#addressCell(address, seed), change)
  }

  answers(kind: FileClass): number {
    return this.#sum(DOORS.length + FILE_CLASSES.indexOf(kind))
  }

  countAnswer(kind: FileClass, change: 1 | -1): void {
    this.#add(DOORS.length + FILE_CLASSES.indexOf(kind), change)
  }

  /** What the thread of `row` had counted is gone with it. */
  forget(row: number): void {
    this.#cells.fill(0, SEEDS + row * ROW_CELLS, SEEDS + (row + 1) * ROW_CELLS)
  }

  #add(cell: number, change: number): void {
    Atomics.add(this.#cells, SEEDS + this.#row * ROW_CELLS + cell, change)
  }

  #sum(cell: number): number {
    let sum = 0
    for (let row = 0; row < this.#rows; row++) {
      sum += Atomics.load(this.#cells, SEEDS + row * ROW_CELLS + cell)
    }
    return sum
  }

  #addressCell(address: string, seed: number): number {
    const start = DOORS.length + FILE_CLASSES.length + seed * ADDRESS_CELLS
    return start + (hashOf(address, this.#cells[seed] ?? 0) & (ADDRESS_CELLS - 1))
  }
}

/** FNV-1a with a seed, its bits mixed at the end as in MurmurHash3. */
function hashOf(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}
