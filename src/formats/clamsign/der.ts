/**
 * DER (X.690), read strictly: tags of one byte, definite lengths in their shortest form, nothing left over. What is
 * not of this form is not read at all, so that every byte of a signature has one meaning.
 */
export interface Der {
  readonly tag: number
  readonly body: Uint8Array
  /** Tag, length and body. */
  readonly whole: Uint8Array
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  /** `[0]`, constructed. */
  context0: 0xa0,
  context1: 0xa1,
  context2: 0xa2,
  context3: 0xa3,
} as const

/** Guess: the largest real list, a certificate's extensions, has about ten. */
const ITEMS_MAX = 256
/** A length of three bytes reaches 16 MiB, far above any file that is read here. */
const LENGTH_BYTES_MAX = 3

/** The items that follow each other and fill `bytes` exactly; undefined for anything else. */
export function readItems(bytes: Uint8Array): readonly Der[] | undefined {
  const items: Der[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    const item = itemAt(bytes, at)
    if (item === undefined || items.length >= ITEMS_MAX) return undefined
    items.push(item)
    at += item.whole.byteLength
  }
  return items
}

/** The one item that `bytes` are. */
export function readItem(bytes: Uint8Array, tag: number): Der | undefined {
  const item = itemAt(bytes, 0)
  return item?.tag === tag && item.whole.byteLength === bytes.byteLength ? item : undefined
}

function itemAt(bytes: Uint8Array, at: number): Der | undefined {
  const tag = bytes[at]
  const first = bytes[at + 1]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined
  let length = first
  let start = at + 2
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > LENGTH_BYTES_MAX) return undefined
    length = 0
    for (let index = 0; index < count; index++) length = length * 256 + (bytes[start + index] ?? 0)
    start += count
    const shortest = length < 0x80 ? 0 : Math.ceil(length.toString(16).length / 2)
    if (count !== shortest) return undefined
  }
  if (length > bytes.byteLength - start) return undefined
  const end = start + length
  return { tag, body: bytes.subarray(start, end), whole: bytes.subarray(at, end) }
}

/** Takes items one after the other, as a definition names them. */
export class DerFields {
  readonly #items: readonly Der[] | undefined
  #at = 0

  constructor(body: Uint8Array) {
    this.#items = readItems(body)
  }

  /** The next item, if it has this tag. */
  take(tag: number): Der | undefined {
    const item = this.#items?.[this.#at]
    if (item?.tag !== tag) return undefined
    this.#at += 1
    return item
  }

  any(): Der | undefined {
    const item = this.#items?.[this.#at]
    if (item !== undefined) this.#at += 1
    return item
  }

  /** Everything was readable and was taken. */
  get atEnd(): boolean {
    return this.#items !== undefined && this.#at === this.#items.length
  }
}

/** `1.2.840.113549.1.7.2`; undefined where the body is no object identifier. */
export function oidText(body: Uint8Array): string | undefined {
  const last = body.at(-1)
  if (last === undefined || last >= 0x80) return undefined
  const arcs: number[] = []
  let arc = 0
  for (const byte of body) {
    // A leading zero digit would be a second spelling of the same number.
    if ((arc === 0 && byte === 0x80) || arc > 2 ** 40) return undefined
    arc = arc * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0
    }
  }
  const [first = 0, ...rest] = arcs
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}

/** One item out of parts that are items or raw bytes. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts)
  const length = body.byteLength
  if (length < 0x80) return Buffer.concat([Uint8Array.of(tag, length), body])
  const hex = length.toString(16)
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Uint8Array.of(tag, 0x80 | digits.byteLength), digits, body])
}

export function derOid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift(0x80 | (left % 128))
    }
    return digits
  })
  return der(TAG.oid, Uint8Array.from(bytes))
}

/** A set's items stand in the order of their bytes. */
export function derSet(tag: number, items: readonly Uint8Array[]): Uint8Array {
  return der(tag, ...items.toSorted((a, b) => Buffer.compare(a, b)))
}
