/** Output is handed on in blocks of this size: small enough to be nothing, large enough that a write is cheap. */
const BLOCK_BYTES = 64 * 1024

/**
 * Gathers many pieces into few blocks. All bytes are copied, so that a piece may be used again at once, and a block may
 * be kept.
 */
export class Blocks {
  readonly #ready: Uint8Array[] = []
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  #used = 0
  #readyBytes = 0

  /** Bytes that `take` would return: whoever produces without end asks, and hands on. */
  get readyBytes(): number {
    return this.#readyBytes
  }

  append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.byteLength; ) {
      const count = Math.min(bytes.byteLength - done, BLOCK_BYTES - this.#used)
      this.#block.set(
        count === bytes.byteLength ? bytes : bytes.subarray(done, done + count),
        this.#used,
      )
      this.#used += count
      done += count
      if (this.#used === BLOCK_BYTES) this.flush()
    }
  }

  /** Makes the block that is being filled ready, too. */
  flush(): void {
    if (this.#used === 0) return
    this.#ready.push(this.#block.subarray(0, this.#used))
    this.#readyBytes += this.#used
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.#used = 0
  }

  take(): readonly Uint8Array[] {
    if (this.#ready.length === 0) return NONE
    this.#readyBytes = 0
    return this.#ready.splice(0)
  }
}

const NONE: readonly Uint8Array[] = []
