import { type DnsName, labelsOf, labelToBytes, nameToWire } from './name.ts'

/** Pointers have 14 bits (RFC 1035, 4.1.4). */
const POINTER_MAX = 0x3fff
const BYTES_MAX = 65_535
const BYTES_FIRST = 512

/** Thrown inside of the codec only, where a message would be longer than DNS allows. */
export class MessageTooLong extends Error {
  override readonly name = 'MessageTooLong'
  constructor() {
    super(`Cannot write a message of more than ${BYTES_MAX} bytes`)
  }
}

/** Writes one message; a name that was written before is a pointer to it. */
export class MessageWriter {
  #bytes = Buffer.alloc(BYTES_FIRST)
  #at = 0
  readonly #names = new Map<string, number>()
  readonly #compress: boolean

  /** Without compression no name is a pointer, and what is written may stand anywhere in a message. */
  constructor({ compress = true }: { readonly compress?: boolean } = {}) {
    this.#compress = compress
  }

  get length(): number {
    return this.#at
  }

  /** What is written so far. Shares its memory with the writer. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  #room(count: number): number {
    const at = this.#at
    const end = at + count
    if (end > BYTES_MAX) throw new MessageTooLong()
    if (end > this.#bytes.byteLength) {
      const larger = Buffer.alloc(Math.min(Math.max(end, this.#bytes.byteLength * 2), BYTES_MAX))
      this.#bytes.copy(larger)
      this.#bytes = larger
    }
    this.#at = end
    return at
  }

  uint8(value: number): void {
    const at = this.#room(1)
    this.#bytes[at] = value
  }

  uint16(value: number): void {
    const at = this.#room(2)
    this.#bytes.writeUInt16BE(value, at)
  }

  uint32(value: number): void {
    const at = this.#room(4)
    this.#bytes.writeUInt32BE(value >>> 0, at)
  }

  bytes(value: Uint8Array): void {
    const at = this.#room(value.byteLength)
    this.#bytes.set(value, at)
  }

  name(name: DnsName): void {
    const labels = labelsOf(name)
    for (const [index, label] of labels.entries()) {
      const rest = labels.slice(index).join('.')
      const known = this.#compress ? this.#names.get(rest) : undefined
      if (known !== undefined) {
        this.uint16(0xc000 | known)
        return
      }
      if (this.#at <= POINTER_MAX) this.#names.set(rest, this.#at)
      const bytes = labelToBytes(label)
      this.uint8(bytes.byteLength)
      this.bytes(bytes)
    }
    this.uint8(0)
  }

  /** Letters as they came: what a question repeats. Later names may point into it. */
  nameAs(name: DnsName, wire: Uint8Array): void {
    const labels = labelsOf(name)
    let at = this.#at
    for (const [index, label] of labels.entries()) {
      this.#names.set(labels.slice(index).join('.'), at)
      at += 1 + labelToBytes(label).byteLength
    }
    this.bytes(wire)
  }

  /** A name as it would be written now, without writing it. */
  reference(name: DnsName): Uint8Array {
    const known = this.#compress ? this.#names.get(name) : undefined
    return known === undefined ? nameToWire(name) : Uint8Array.of(0xc0 | (known >> 8), known & 0xff)
  }

  /** A length of two bytes, and what `write` writes. */
  sized(write: () => void): void {
    const at = this.#room(2)
    write()
    this.#bytes.writeUInt16BE(this.#at - at - 2, at)
  }

  /** Changes a number that was written. */
  patchUint16(at: number, value: number): void {
    this.#bytes.writeUInt16BE(value, at)
  }
}
