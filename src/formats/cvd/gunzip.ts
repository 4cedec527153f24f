import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib'
import { type GzipHeaderFault, gzipHeaderLength } from './gzip-header.ts'
import type { Intake } from './intake.ts'

/**
 * One gzip member, exactly: Node's own `createGunzip` goes on into a second member and overlooks some garbage behind
 * the end, which no client of this field would read. So the frame is read here and zlib does the deflated part
 * (RFC 1952). Inflating runs in a thread of zlib while the piece is hashed here.
 */
export type GzipFault =
  | GzipHeaderFault
  | { readonly kind: 'gzip-truncated' }
  | { readonly kind: 'gzip-broken'; readonly reason: string }
  | { readonly kind: 'gzip-wrong-checksum' }
  | { readonly kind: 'gzip-wrong-length' }
  | { readonly kind: 'bytes-after-gzip'; readonly bytes: number }

/** Measured: 16 KiB (Node's default) costs a third more time; above 512 KiB only memory grows. */
const OUTPUT_BYTES = 256 * 1024
/** CRC-32 and length. */
const TRAILER_BYTES = 8

/** Yields the unpacked bytes and returns what is wrong, if anything. Reads the intake to its end unless left early. */
export async function* gunzip(intake: Intake): AsyncGenerator<Uint8Array, GzipFault | undefined> {
  const start = await readHeader(intake)
  if (start.kind !== 'header') return start
  await using inflate = new Inflation(intake, start.rest)
  let crc = 0
  let bytes = 0
  try {
    for await (const piece of inflate.output()) {
      crc = crc32(piece, crc)
      bytes += piece.byteLength
      yield piece
      release(piece)
    }
  } catch (error) {
    return zlibFault(error)
  }
  await inflate.settled()
  await intake.drain()
  const spare = intake.payloadBytes - start.length - inflate.consumedBytes - TRAILER_BYTES
  if (spare < 0) return { kind: 'gzip-truncated' }
  if (spare > 0) return { kind: 'bytes-after-gzip', bytes: spare }
  const trailer = Buffer.from(intake.tail)
  if (trailer.readUInt32LE(0) !== crc) return { kind: 'gzip-wrong-checksum' }
  if (trailer.readUInt32LE(4) !== bytes % 2 ** 32) return { kind: 'gzip-wrong-length' }
  return undefined
}

/**
 * Gives the memory of a used-up output buffer back at once. Left to the garbage collector, some 60 MB of them stand
 * around. zlib cuts pieces off a buffer of its own until it is used up, so only the last piece may take it along.
 */
function release(piece: Uint8Array): void {
  const { buffer } = piece
  if (!(buffer instanceof ArrayBuffer)) return
  const last = piece.byteOffset + piece.byteLength === buffer.byteLength
  if (last && buffer.byteLength === OUTPUT_BYTES) buffer.transfer(0)
}

type Start =
  | { readonly kind: 'header'; readonly length: number; readonly rest: Uint8Array }
  | GzipHeaderFault
  | { readonly kind: 'gzip-truncated' }

async function readHeader(intake: Intake): Promise<Start> {
  let held: Uint8Array = new Uint8Array(0)
  for (;;) {
    const piece = await intake.next()
    if (piece === undefined) return { kind: 'gzip-truncated' }
    held = held.byteLength === 0 ? piece : Buffer.concat([held, piece])
    const length = gzipHeaderLength(held)
    if (!length.ok) return length.fault
    if (length.value !== undefined) {
      return { kind: 'header', length: length.value, rest: held.subarray(length.value) }
    }
  }
}

/** Feeds zlib from the intake, one piece ahead, until the deflated data end. */
class Inflation implements AsyncDisposable {
  readonly #zlib: InflateRaw = createInflateRaw({ chunkSize: OUTPUT_BYTES })
  readonly #over: Promise<void>
  readonly #feeding: Promise<void>

  constructor(intake: Intake, first: Uint8Array) {
    const zlib = this.#zlib
    this.#over = new Promise((resolve) => {
      for (const event of ['end', 'error', 'close']) zlib.once(event, () => resolve())
    })
    this.#feeding = this.#feed(intake, first)
    // The reader of `output` gets the reason, since the stream is destroyed with it.
    this.#feeding.catch((error: Error) => zlib.destroy(error))
  }

  /** How many bytes of what was fed belong to the deflated data. */
  get consumedBytes(): number {
    return this.#zlib.bytesWritten
  }

  output(): AsyncIterable<Uint8Array> {
    return this.#zlib
  }

  async settled(): Promise<void> {
    await this.#feeding
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#zlib.destroy()
    await this.#feeding.catch(() => undefined)
  }

  async #feed(intake: Intake, first: Uint8Array): Promise<void> {
    let over = false
    void this.#over.then(() => {
      over = true
    })
    for (let piece: Uint8Array | undefined = first; piece !== undefined && !over; ) {
      const written = this.#write(piece)
      piece = await intake.next()
      await written
    }
    if (!over) this.#zlib.end()
  }

  /** Resolves when zlib is through with the piece, or wants no more. */
  #write(piece: Uint8Array): Promise<void> {
    const taken = new Promise<void>((resolve) => this.#zlib.write(piece, () => resolve()))
    return Promise.race([taken, this.#over])
  }
}

/** What zlib says about bad data is a verdict; anything else is not ours to judge. */
function zlibFault(error: unknown): GzipFault {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'Z_BUF_ERROR') return { kind: 'gzip-truncated' }
  if (code === 'Z_DATA_ERROR' && error instanceof Error) {
    return { kind: 'gzip-broken', reason: error.message }
  }
  throw error
}
