import { createHash, type Hash } from 'node:crypto'
import { HEADER_BYTES } from './header.ts'

/**
 * One pass over the bytes of a database file: cuts off the header, hashes the rest, counts, and stops at the size
 * limit. Each piece is handed on first and hashed when the next one is asked for, so that reading, hashing and
 * unpacking (in a thread of zlib) go on at the same time.
 */
export class Intake {
  readonly #chunks: AsyncIterator<Uint8Array>
  readonly #fileBytesMax: number
  readonly #md5 = createHash('md5')
  readonly #sha256: Hash | undefined
  #bytes = 0
  #started: Uint8Array = new Uint8Array(0)
  #unhashed: Uint8Array | undefined
  #tail: Uint8Array = new Uint8Array(0)
  #tooLarge = false

  constructor(
    chunks: AsyncIterable<Uint8Array>,
    options: { readonly fileBytesMax: number; readonly wholeSha256: boolean },
  ) {
    this.#chunks = chunks[Symbol.asyncIterator]()
    this.#fileBytesMax = options.fileBytesMax
    this.#sha256 = options.wholeSha256 ? createHash('sha256') : undefined
  }

  /** Of the whole file, header included, as far as it was read. */
  get bytes(): number {
    return this.#bytes
  }

  get payloadBytes(): number {
    return Math.max(0, this.#bytes - HEADER_BYTES)
  }

  /** The file was larger than the limit, and reading stopped there. */
  get tooLarge(): boolean {
    return this.#tooLarge
  }

  /** The last 8 bytes of the payload that was read, or fewer. */
  get tail(): Uint8Array {
    return this.#tail
  }

  /** The header and `extra` bytes behind it, fewer if the file is shorter. To be called first. */
  async start(extra: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    while (this.#bytes < HEADER_BYTES + extra) {
      const piece = await this.#read()
      if (piece === undefined) break
      pieces.push(piece)
    }
    const all = Buffer.concat(pieces)
    this.#sha256?.update(all.subarray(0, HEADER_BYTES))
    this.#started = all.subarray(HEADER_BYTES)
    return all.subarray(0, HEADER_BYTES + extra)
  }

  /** The next piece of the payload, or undefined at its end. While it is read, the one before is hashed. */
  async next(): Promise<Uint8Array | undefined> {
    const started = this.#started
    this.#started = new Uint8Array(0)
    const reading = started.byteLength > 0 ? Promise.resolve(started) : this.#read()
    this.#hash()
    const piece = await reading
    this.#unhashed = piece
    return piece
  }

  /** Reads what is left, for the hashes. */
  async drain(): Promise<void> {
    while ((await this.next()) !== undefined);
  }

  /** The hashes of everything; to be called once, at the end. */
  digests(): { readonly md5: Uint8Array; readonly sha256: Uint8Array | undefined } {
    this.#hash()
    return { md5: this.#md5.digest(), sha256: this.#sha256?.digest() }
  }

  /** Lets the source go when the file is not read to its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  #hash(): void {
    const piece = this.#unhashed
    if (piece === undefined) return
    this.#unhashed = undefined
    this.#md5.update(piece)
    this.#sha256?.update(piece)
    this.#tail = Buffer.concat([this.#tail, piece.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES)
  }

  /** The piece that breaks the limit is the last one. Empty pieces are skipped. */
  async #read(): Promise<Uint8Array | undefined> {
    while (!this.#tooLarge) {
      const { done, value } = await this.#chunks.next()
      if (done === true) return undefined
      this.#bytes += value.byteLength
      this.#tooLarge = this.#bytes > this.#fileBytesMax
      if (value.byteLength > 0) return value
    }
    return undefined
  }
}

/** Length of what closes a gzip stream. */
const TAIL_BYTES = 8
