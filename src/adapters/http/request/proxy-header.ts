/**
 * The PROXY protocol of HAProxy, versions 1 and 2: before anything else, a front tells on whose behalf it connects.
 * `text` is latin1, a character a byte. A header that is wanted and not there is `bad`: guessing would let anybody
 * choose his address.
 */
import { isIP } from 'node:net'

export type ProxyHeader =
  /** `source` undefined: the front speaks for itself, as its health checks do. */
  | { readonly kind: 'header'; readonly source: string | undefined; readonly chars: number }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'bad' }

const V1_CHARS_MAX = 107
const V1 = /^PROXY (?:UNKNOWN[^\r\n]*|TCP[46] (\S+) \S+ \d+ \d+)\r\n/
const V2_SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'
const V2_FIXED_CHARS = 16
/** Addresses and a few extensions; the field could say 64 KiB. */
const V2_REST_CHARS_MAX = 1024
const V2_LOCAL = 0x20
const V2_PROXY = 0x21
const FAMILY_IPV4 = 1
const FAMILY_IPV6 = 2
const INCOMPLETE: ProxyHeader = { kind: 'incomplete' }
const BAD: ProxyHeader = { kind: 'bad' }

export function readProxyHeader(text: string): ProxyHeader {
  const head = text.slice(0, V2_SIGNATURE.length)
  if (V2_SIGNATURE.startsWith(head)) return head === V2_SIGNATURE ? version2(text) : INCOMPLETE
  const match = V1.exec(text.slice(0, V1_CHARS_MAX))
  if (match !== null) {
    const [header, source] = match
    if (source !== undefined && isIP(source) === 0) return BAD
    return { kind: 'header', source, chars: header.length }
  }
  const isHopeful = 'PROXY '.startsWith(text.slice(0, 6)) && !text.includes('\r\n')
  return isHopeful && text.length < V1_CHARS_MAX ? INCOMPLETE : BAD
}

function version2(text: string): ProxyHeader {
  if (text.length < V2_FIXED_CHARS) return INCOMPLETE
  const command = text.charCodeAt(12)
  const family = text.charCodeAt(13) >> 4
  const rest = text.charCodeAt(14) * 256 + text.charCodeAt(15)
  if ((command !== V2_LOCAL && command !== V2_PROXY) || rest > V2_REST_CHARS_MAX) return BAD
  const chars = V2_FIXED_CHARS + rest
  if (text.length < chars) return INCOMPLETE
  const bytes = Buffer.from(text.slice(V2_FIXED_CHARS, chars), 'latin1')
  const source = command === V2_LOCAL ? undefined : address(family, bytes)
  return { kind: 'header', source, chars }
}

function address(family: number, bytes: Buffer): string | undefined {
  if (family === FAMILY_IPV4 && bytes.length >= 12) return [...bytes.subarray(0, 4)].join('.')
  if (family !== FAMILY_IPV6 || bytes.length < 36) return undefined
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16))
  return groups.join(':')
}
