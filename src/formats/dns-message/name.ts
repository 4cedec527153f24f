import type { Brand } from '#base/brand.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'

/**
 * A domain name in small letters, without its final dot; the root is the empty text. A byte that is no letter, digit,
 * `-`, `_` or `*` is `\DDD` (RFC 1035, 5.1), so that a dot always separates labels.
 */
export type DnsName = Brand<string, 'DnsName'>

export type NameFault =
  | { readonly kind: 'truncated' }
  | { readonly kind: 'label-too-long' }
  | { readonly kind: 'name-too-long' }
  | { readonly kind: 'bad-label-type' }
  /** A pointer that does not point back before the labels that it ends (RFC 1035, 4.1.4). */
  | { readonly kind: 'bad-pointer' }
  | { readonly kind: 'bad-name' }

export interface ReadName {
  readonly name: DnsName
  /** Uncompressed, letters as they came. */
  readonly wire: Uint8Array
  /** Where the next field begins. */
  readonly next: number
}

/** RFC 1035, 2.3.4. */
export const LABEL_BYTES_MAX = 63
export const NAME_BYTES_MAX = 255
const POINTER = 0xc0

export function parseDnsName(text: string): Outcome<DnsName, NameFault> {
  if (text === '' || text === '.') return ok('' as DnsName)
  const labels = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase().split('.')
  let bytes = 1
  for (const label of labels) {
    if (!/^(?:[a-z0-9_*-]|\\\d{3})+$/.test(label)) return fail({ kind: 'bad-name' })
    const codes = [...label.matchAll(/\\(\d{3})/g)].map(([, digits]) => Number(digits))
    if (codes.some((code) => code > 255)) return fail({ kind: 'bad-name' })
    const length = label.length - codes.length * 3
    if (length > LABEL_BYTES_MAX) return fail({ kind: 'label-too-long' })
    bytes += 1 + length
  }
  if (bytes > NAME_BYTES_MAX) return fail({ kind: 'name-too-long' })
  return ok(labels.join('.') as DnsName)
}

/** For names that are built from checked parts. Throws a bug where they are not. */
export function dnsName(...parts: readonly string[]): DnsName {
  const parsed = parseDnsName(parts.filter((part) => part !== '').join('.'))
  if (!parsed.ok) throw new Error(`Cannot use "${parts.join('.')}" as a name: ${parsed.fault.kind}`)
  return parsed.value
}

export function labelsOf(name: DnsName): readonly string[] {
  return name === '' ? [] : name.split('.')
}

export function isBelow(name: DnsName, zone: DnsName): boolean {
  return zone === '' || name === zone || name.endsWith(`.${zone}`)
}

export function labelToBytes(label: string): Uint8Array {
  const plain = label.replaceAll(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number(code)))
  return Buffer.from(plain, 'latin1')
}

/** Uncompressed, with the root's zero at its end. */
export function nameToWire(name: DnsName): Uint8Array {
  const parts = labelsOf(name).flatMap((label) => {
    const bytes = labelToBytes(label)
    return [Uint8Array.of(bytes.byteLength), bytes]
  })
  return Buffer.concat([...parts, Uint8Array.of(0)])
}

/** Follows pointers, which must go back each time, so that it ends. */
export function readName(message: Uint8Array, start: number): Outcome<ReadName, NameFault> {
  const labels: string[] = []
  const parts: Uint8Array[] = []
  let bytes = 0
  let at = start
  let next: number | undefined
  let lowest = start
  for (;;) {
    const length = message[at]
    if (length === undefined) return fail({ kind: 'truncated' })
    if (length >= POINTER) {
      const low = message[at + 1]
      if (low === undefined) return fail({ kind: 'truncated' })
      next ??= at + 2
      at = ((length & ~POINTER) << 8) | low
      if (at >= lowest) return fail({ kind: 'bad-pointer' })
      lowest = at
      continue
    }
    if (length > LABEL_BYTES_MAX) return fail({ kind: 'bad-label-type' })
    const label = message.subarray(at + 1, at + 1 + length)
    if (label.byteLength < length) return fail({ kind: 'truncated' })
    bytes += 1 + length
    if (bytes > NAME_BYTES_MAX) return fail({ kind: 'name-too-long' })
    parts.push(message.subarray(at, at + 1 + length))
    at += 1 + length
    if (length === 0) break
    labels.push(printLabel(label))
  }
  const name = labels.join('.') as DnsName
  return ok({ name, wire: joined(parts, bytes), next: next ?? at })
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const wire = new Uint8Array(bytes)
  let at = 0
  for (const part of parts) {
    wire.set(part, at)
    at += part.byteLength
  }
  return wire
}

const PLAIN = /^[a-z0-9_*-]*$/

export function printLabel(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  if (PLAIN.test(text)) return text
  return text
    .replaceAll(/[A-Z]/g, (one) => one.toLowerCase())
    .replaceAll(/[^a-z0-9_*-]/g, (one) => `\\${String(one.charCodeAt(0)).padStart(3, '0')}`)
}
