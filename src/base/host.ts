import { parseIpAddress } from './ip-address.ts'

/** RFC 1035 2.3.4. */
const HOST_CHARS_MAX = 253
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?'
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`)

/** A host name or an address, without port and brackets. */
export function isHost(text: string): boolean {
  if (text.includes(':')) return parseIpAddress(text) !== undefined
  return text.length <= HOST_CHARS_MAX && HOST_NAME.test(text)
}

/** One label of a host name (RFC 1123, 2.1), small. Underscores are no part of a host's name, but in use. */
export function isHostLabel(text: string): boolean {
  return /^(?=.{1,63}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/.test(text)
}
