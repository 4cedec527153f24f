import { crc32 } from 'node:zlib'
import { Deflate, Z_FILTERED } from 'pako'

/**
 * The gzip stream that ClamAV's builder writes, bit for bit: level 9, strategy "filtered", memory level 8, a window of
 * 32 KiB, and ten bytes in front that hold no time and no name (formats.md 1.2). Whoever has the members can therefore
 * make the published bytes again.
 *
 * Node's own zlib is a fork that hashes four bytes where the original hashes three. Where many strings share a hash it
 * gives up on other candidates, so that a large file comes out a few bytes different; hence a port of the original in
 * JavaScript, at about half of the speed. What comes out depends on the bytes alone, not on how they were cut into
 * pieces, on the processor, or on the version of Node.
 */
export class CanonicalGzip {
  readonly #deflate = new Deflate({
    level: LEVEL,
    strategy: Z_FILTERED,
    memLevel: MEMORY_LEVEL,
    windowBits: WINDOW_BITS,
    raw: true,
    legacyHash: true,
    chunkSize: OUTPUT_BYTES,
  })
  #ready: Uint8Array[] = []
  #crc = 0
  #bytes = 0

  constructor() {
    this.#deflate.onData = (piece) => {
      this.#ready.push(piece)
    }
  }

  /** What stands ready behind the head, often nothing. The bytes may be used again afterwards. */
  push(bytes: Uint8Array): readonly Uint8Array[] {
    if (bytes.byteLength === 0) return []
    this.#crc = crc32(bytes, this.#crc)
    this.#bytes += bytes.byteLength
    this.#deflate.push(bytes, false)
    return this.#take()
  }

  /** The rest, with checksum and length. */
  end(): readonly Uint8Array[] {
    this.#deflate.push(new Uint8Array(0), true)
    const trailer = Buffer.alloc(TRAILER_BYTES)
    trailer.writeUInt32LE(this.#crc, 0)
    trailer.writeUInt32LE(this.#bytes % 2 ** 32, 4)
    return [...this.#take(), trailer]
  }

  #take(): readonly Uint8Array[] {
    const ready = this.#ready
    this.#ready = []
    return ready
  }
}

const LEVEL = 9
const MEMORY_LEVEL = 8
const WINDOW_BITS = 15
const OUTPUT_BYTES = 64 * 1024
const TRAILER_BYTES = 8

/** Ten bytes: magic, deflate, no flags, no time, "slowest compression", Unix. */
export const GZIP_HEAD: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3)

/** zlib before 1.2.4 did not say how hard it had tried. */
export const GZIP_HEAD_OLD: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)
