/** Reads a byte stream by lines and by counts, without holding more than one chunk and one line. */
export class Intake implements AsyncDisposable {
  readonly #chunks: AsyncGenerator<Uint8Array, void>
  #rest: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncGenerator<Uint8Array, void>) {
    this.#chunks = chunks
  }

  /** Between 1 and `bytesMax` bytes; undefined at the end of the stream. */
  async some(bytesMax: number): Promise<Uint8Array | undefined> {
    if (this.#rest.byteLength === 0 && !(await this.#more())) return undefined
    const part = this.#rest.subarray(0, bytesMax)
    this.#rest = this.#rest.subarray(part.byteLength)
    return part
  }

  /** Up to and without the next line end; cut at `bytesMax`, undefined at the end of the stream. */
  async line(bytesMax: number): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf(0x0a)
      const length = end === -1 ? this.#rest.byteLength : end
      if (end !== -1 || length >= bytesMax) {
        const line = this.#rest.subarray(0, Math.min(length, bytesMax)).toString('utf8')
        this.#rest = this.#rest.subarray(length + 1)
        return line
      }
      if (!(await this.#more())) return undefined
    }
  }

  /** Nothing more is wanted; what the stream holds is let go. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return()
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next()
    if (next.done === true) return false
    this.#rest = Buffer.concat([this.#rest, next.value])
    return true
  }
}
