/**
 * The ssh protocol's data types (RFC 4251, 5): strings with their length in front, and big numbers. Every read says
 * `undefined` when the bytes are not there, and `atEnd` when nothing is left.
 */
export class WireReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.byteLength
  }

  bytes(count: number): Uint8Array | undefined {
    if (count > this.#bytes.byteLength - this.#at) return undefined
    const part = this.#bytes.subarray(this.#at, this.#at + count)
    this.#at += count
    return part
  }

  uint32(): number | undefined {
    const part = this.bytes(4)
    return part && Buffer.from(part).readUInt32BE(0)
  }

  string(): Uint8Array | undefined {
    const length = this.uint32()
    return length === undefined ? undefined : this.bytes(length)
  }

  text(): string | undefined {
    const bytes = this.string()
    return bytes && Buffer.from(bytes).toString('latin1')
  }

  /** A positive number, big-endian, without leading zeros. */
  mpint(): Uint8Array | undefined {
    const bytes = this.string()
    if (bytes === undefined || bytes.byteLength === 0 || (bytes[0] ?? 0) > 0x7f) return undefined
    const first = bytes.findIndex((byte) => byte !== 0)
    return first < 0 ? undefined : bytes.subarray(first)
  }
}

export function wireString(bytes: Uint8Array | string): Uint8Array {
  const content = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.byteLength)
  return Buffer.concat([length, content])
}

/** `bytes` in a field of `length`, zeros in front; undefined when they do not fit. */
export function leftPadded(bytes: Uint8Array, length: number): Uint8Array | undefined {
  if (bytes.byteLength > length) return undefined
  return Buffer.concat([Buffer.alloc(length - bytes.byteLength), bytes])
}
