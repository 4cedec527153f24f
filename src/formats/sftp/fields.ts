/** Reads the fields of one packet. Measures before it touches: a field that does not fit makes the reader invalid. */
export class FieldReader {
  readonly #bytes: Buffer
  #at: number
  #valid = true

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = at
  }

  get valid(): boolean {
    return this.#valid
  }

  #take(count: number): number | undefined {
    if (!this.#valid || count > this.#bytes.byteLength - this.#at) {
      this.#valid = false
      return undefined
    }
    const at = this.#at
    this.#at += count
    return at
  }

  uint32(): number {
    const at = this.#take(4)
    return at === undefined ? 0 : this.#bytes.readUInt32BE(at)
  }

  /** Offsets and sizes. One beyond 2^53 does not fit and is a fault: no file here is so long. */
  uint64(): number {
    const value = this.uint32() * 2 ** 32 + this.uint32()
    if (!Number.isSafeInteger(value)) this.#valid = false
    return value
  }

  bytes(): Uint8Array {
    const count = this.uint32()
    const at = this.#take(count)
    return at === undefined ? new Uint8Array() : this.#bytes.subarray(at, at + count)
  }

  /** Paths. Version 3 names no encoding; everybody sends UTF-8. */
  text(): string {
    return Buffer.from(this.bytes()).toString('utf8')
  }

  /** Handles are our own bytes, given back. */
  handle(): string {
    return Buffer.from(this.bytes()).toString('latin1')
  }

  skip(count: number): void {
    this.#take(count)
  }
}

/** Writes the fields of one packet, with its length in front. */
export class FieldWriter {
  readonly #parts: Buffer[] = []
  #length = 0

  constructor(type: number) {
    this.#push(Buffer.of(type))
  }

  #push(part: Buffer): this {
    this.#parts.push(part)
    this.#length += part.byteLength
    return this
  }

  uint32(value: number): this {
    const part = Buffer.allocUnsafe(4)
    part.writeUInt32BE(value)
    return this.#push(part)
  }

  uint64(value: number): this {
    return this.uint32(Math.floor(value / 2 ** 32)).uint32(value % 2 ** 32)
  }

  bytes(value: Uint8Array): this {
    this.uint32(value.byteLength)
    return this.#push(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value, 'utf8'))
  }

  packet(): Uint8Array {
    const head = Buffer.allocUnsafe(4)
    head.writeUInt32BE(this.#length)
    return Buffer.concat([head, ...this.#parts], this.#length + 4)
  }
}
