/**
 * Who somebody is, as far as a limit is concerned: the address prefix and the UUID that freshclam sends, together
 * (decision 19). An address alone is an office behind one router, or a whole cloud; a UUID alone is an image that was
 * cloned a thousand times. Undefined: a client without a UUID, which is never counted.
 */
const UUID = /UUID: ([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/i
const CVDUPDATE_UUID =
  /^CVDUPDATE\/\S+ \(([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\)/i

export function uuidOf(agent: string): string | undefined {
  const found = UUID.exec(agent) ?? CVDUPDATE_UUID.exec(agent)
  return found?.[1]?.toLowerCase()
}

export function identityOf(address: string, agent: string): string | undefined {
  const uuid = uuidOf(agent)
  return uuid === undefined ? undefined : `${addressPrefix(address)} ${uuid}`
}

/** /24 of IPv4, /48 of IPv6: what one household or one rack moves about in. */
export function addressPrefix(address: string): string {
  const plain = plainAddress(address)
  if (!plain.includes(':')) return plain.slice(0, Math.max(plain.lastIndexOf('.'), 0))
  const [head = '', tail] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) while (groups.length < 3) groups.push('0')
  return groups
    .slice(0, 3)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}

/** An IPv4 address that a socket for both kinds tells as IPv6. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
