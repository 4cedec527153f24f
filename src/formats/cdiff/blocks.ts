/** Output is handed on in blocks of this size: small enough to be nothing, large enough that a write is cheap. */
const BLOCK_BYTES = 64 * 1024
/** A piece of this size or more is handed on as it is; below, it is copied beside its neighbours. */
export const WHOLE_BYTES_MIN = 16 * 1024

/** Gathers many small pieces into few blocks. What `take` returns is to be used before the next `append`. */
export class Blocks {
  readonly #ready: Uint8Array[] = []
  #block = new Uint8Array(BLOCK_BYTES)
  #used = 0
  #readyBytes = 0

  /** Bytes that `take` would return: whoever produces without end asks, and hands on. */
  get readyBytes(): number {
    return this.#readyBytes
  }

  append(bytes: Uint8Array): void {
    if (bytes.byteLength >= WHOLE_BYTES_MIN) {
      this.flush()
      this.#push(bytes)
      return
    }
    if (this.#used + bytes.byteLength > BLOCK_BYTES) this.flush()
    this.#block.set(bytes, this.#used)
    this.#used += bytes.byteLength
  }

  /** Makes the block that is being filled ready, too. */
  flush(): void {
    if (this.#used === 0) return
    this.#push(this.#block.subarray(0, this.#used))
    this.#block = new Uint8Array(BLOCK_BYTES)
    this.#used = 0
  }

  take(): readonly Uint8Array[] {
    this.#readyBytes = 0
    return this.#ready.splice(0)
  }

  #push(bytes: Uint8Array): void {
    this.#ready.push(bytes)
    this.#readyBytes += bytes.byteLength
  }
}
