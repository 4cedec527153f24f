/** An IPv4 or IPv6 address as its 4 or 16 bytes. */
export type IpBytes = Uint8Array

const IPV4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/
const GROUP = /^[0-9A-Fa-f]{1,4}$/
const IPV6_CHARS_MAX = 45
const GROUPS = 8

/** Without zone index, port or brackets. Undefined when it is no address. */
export function parseIpAddress(text: string): IpBytes | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** Dotted, or RFC 5952: small letters, the longest run of zero groups as `::`. */
export function printIpAddress(bytes: IpBytes): string {
  if (bytes.byteLength === 4) return bytes.join('.')
  const groups = Array.from({ length: GROUPS }, (_, at) => groupAt(bytes, at))
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12).join('.')}`
  const { at, length } = longestRun(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, at).join(':')}::${hex.slice(at + length).join(':')}`
}

/** `::ffff:192.0.2.1`, as sockets for both families show an IPv4 peer. */
export function isMapped(bytes: IpBytes): boolean {
  if (bytes.byteLength !== 16) return false
  return bytes.subarray(0, 10).every((byte) => byte === 0) && groupAt(bytes, 5) === 0xffff
}

/** The IPv4 address inside of a mapped one; every other address as it is. */
export function unmapped(bytes: IpBytes): IpBytes {
  return isMapped(bytes) ? bytes.subarray(12) : bytes
}

/** A range by its leading bits: `192.0.2.0/24`, `2001:db8::/32`. */
export interface IpPrefix {
  readonly bytes: IpBytes
  readonly bits: number
}

/** An address alone is a prefix of all its bits. Bits behind the prefix must be 0. */
export function parseIpPrefix(text: string): IpPrefix | undefined {
  const [address = '', length, ...more] = text.split('/')
  const bytes = parseIpAddress(address)
  if (bytes === undefined || more.length > 0) return undefined
  const bitsMax = bytes.byteLength * 8
  if (length === undefined) return { bytes, bits: bitsMax }
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > bitsMax) return undefined
  const bits = Number(length)
  return bytes.every((byte, at) => byte === maskedByte(byte, at, bits))
    ? { bytes, bits }
    : undefined
}

/** The first `bits` of an address, the rest 0. */
export function maskIpAddress(bytes: IpBytes, bits: number): IpBytes {
  return bytes.map((byte, at) => maskedByte(byte, at, bits))
}

export function prefixContains({ bytes, bits }: IpPrefix, address: IpBytes): boolean {
  if (bytes.byteLength !== address.byteLength) return false
  return bytes.every((byte, at) => byte === maskedByte(address[at] ?? 0, at, bits))
}

function maskedByte(byte: number, at: number, bits: number): number {
  const kept = Math.min(Math.max(bits - at * 8, 0), 8)
  return byte & (0xff00 >> kept)
}

function parseIpv4(text: string): IpBytes | undefined {
  if (!IPV4.test(text)) return undefined
  const parts = text.split('.').map(Number)
  return parts.every((part) => part <= 255) ? Uint8Array.from(parts) : undefined
}

function parseIpv6(text: string): IpBytes | undefined {
  if (text.length > IPV6_CHARS_MAX) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')))
  if (head === undefined) return undefined
  const end = withDottedEnd(tail ?? head)
  const groups = tail === undefined ? end : end && [...head, ...end]
  if (groups === undefined || !groups.every((group) => GROUP.test(group))) return undefined
  const missing = GROUPS - groups.length
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const before = head.length
  const all = [...groups.slice(0, before), ...Array(missing).fill('0'), ...groups.slice(before)]
  const bytes = new Uint8Array(16)
  for (const [at, group] of all.entries()) {
    const value = Number.parseInt(group, 16)
    bytes[at * 2] = value >> 8
    bytes[at * 2 + 1] = value & 0xff
  }
  return bytes
}

/** The last two groups may be written as an IPv4 address. */
function withDottedEnd(groups: readonly string[]): readonly string[] | undefined {
  const last = groups.at(-1)
  if (last?.includes('.') !== true) return groups
  const bytes = parseIpv4(last)
  if (bytes === undefined) return undefined
  return [...groups.slice(0, -1), groupAt(bytes, 0).toString(16), groupAt(bytes, 1).toString(16)]
}

function groupAt(bytes: IpBytes, at: number): number {
  return ((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)
}

function longestRun(groups: readonly number[]): { readonly at: number; readonly length: number } {
  let best = { at: 0, length: 0 }
  let start = 0
  for (const [at, group] of groups.entries()) {
    if (group !== 0) start = at + 1
    else if (at + 1 - start > best.length) best = { at: start, length: at + 1 - start }
  }
  return best
}
