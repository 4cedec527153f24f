/**
 * Pieces of large files in memory, shared by everybody who reads there. A thousand slow readers of one file cost one
 * piece for each place where somebody stands, not a buffer each; and a file that many fetch at a time is read from
 * the system once.
 *
 * The pool is bounded. When all of it is in use, `take` says so, and the reader helps himself with a small buffer of
 * his own.
 */
import type { FileHandle } from 'node:fs/promises'

/** Large enough for a gigabyte a second out of one thread. */
export const CHUNK_BYTES = 1024 * 1024
/** With the heap and some thousand connections it stays below 200 MB. */
export const CHUNKS_MAX = 64

export interface Chunk {
  readonly bytes: Uint8Array
  /** To be called once, when its bytes have left. */
  release(): void
}

/** Same object: same content. */
export type ChunkOwner = object

export class ChunkPool {
  readonly #slots: Slot[] = []
  readonly #chunksMax: number
  #clock = 0

  constructor(chunksMax = CHUNKS_MAX) {
    this.#chunksMax = chunksMax
  }

  /**
   * Bytes of `owner` from `index * CHUNK_BYTES` on; fewer than `CHUNK_BYTES` only at its end. Undefined: all is in
   * use. Rejects when the disk fails.
   */
  async take(owner: ChunkOwner, index: number, from: FileHandle): Promise<Chunk | undefined> {
    const slot = this.#find(owner, index) ?? this.#fill(owner, index, from)
    if (slot === undefined) return undefined
    slot.users += 1
    slot.usedAt = ++this.#clock
    const release = (): void => {
      slot.users -= 1
    }
    try {
      return { bytes: slot.buffer.subarray(0, await slot.bytesRead), release }
    } catch (error) {
      release()
      throw error
    }
  }

  #find(owner: ChunkOwner, index: number): Slot | undefined {
    return this.#slots.find((slot) => slot.owner === owner && slot.index === index)
  }

  #fill(owner: ChunkOwner, index: number, from: FileHandle): Slot | undefined {
    const slot = this.#free()
    if (slot === undefined) return undefined
    slot.owner = owner
    slot.index = index
    slot.bytesRead = readFully(from, slot.buffer, index * CHUNK_BYTES).catch((error: unknown) => {
      slot.owner = undefined
      throw error
    })
    // Whoever waits hears of it; this keeps a failure that nobody waits for any more from ending the process.
    slot.bytesRead.catch(() => {})
    return slot
  }

  /** The one that was not used for longest, or a new one. */
  #free(): Slot | undefined {
    if (this.#slots.length < this.#chunksMax) {
      const slot = new Slot()
      this.#slots.push(slot)
      return slot
    }
    let oldest: Slot | undefined
    for (const slot of this.#slots) {
      if (slot.users === 0 && (oldest === undefined || slot.usedAt < oldest.usedAt)) oldest = slot
    }
    return oldest
  }
}

class Slot {
  readonly buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  owner: ChunkOwner | undefined
  index = 0
  bytesRead: Promise<number> = Promise.resolve(0)
  users = 0
  usedAt = 0
}

/** Until the buffer is full or the file ends. */
async function readFully(file: FileHandle, buffer: Uint8Array, position: number): Promise<number> {
  let at = 0
  while (at < buffer.length) {
    const { bytesRead } = await file.read(buffer, at, buffer.length - at, position + at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return at
}
