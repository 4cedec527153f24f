import {
  type IpBytes,
  isMapped,
  parseIpAddress,
  parseIpPrefix,
  prefixContains,
  printIpAddress,
} from '#base/ip-address.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'

/**
 * Addresses where no client of the internet would find a mirror, and to which our own machines must not be sent by an
 * applicant's word (IANA special-purpose registries; RFC 6890).
 */
const SPECIAL: readonly (readonly [prefix: string, what: string])[] = [
  ['0.0.0.0/8', 'no host'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'of a provider’s inner network'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'for documentation'],
  ['192.88.99.0/24', 'of a relay'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'for benchmarks'],
  ['198.51.100.0/24', 'for documentation'],
  ['203.0.113.0/24', 'for documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
  ['2001::/23', 'reserved'],
  ['2001:db8::/32', 'for documentation'],
  ['2002::/16', 'of a relay'],
  ['3fff::/20', 'for documentation'],
]
const RANGES = SPECIAL.flatMap(([text, what]) => {
  const prefix = parseIpPrefix(text)
  return prefix === undefined ? [] : [{ prefix, what }]
})
const IPV6_GLOBAL = parseIpPrefix('2000::/3')

/** In canonical form (dotted, or RFC 5952), or why it cannot be a mirror's. */
export function mirrorAddress(text: string, allowsPrivate: boolean): Outcome<string, string> {
  const bytes = parseIpAddress(text)
  if (bytes === undefined) return fail('is no IPv4 or IPv6 address')
  if (isMapped(bytes)) return fail('is an IPv4 address written as IPv6; give the IPv4 address')
  const special = whatIsSpecial(bytes)
  if (special !== undefined && !(allowsPrivate && isUsable(special))) {
    return fail(`is ${special}, where no client finds it`)
  }
  return ok(printIpAddress(bytes))
}

/** Nobody between: the machine talks to itself. A name is not taken for one, whatever it resolves to. */
export function isLoopback(text: string): boolean {
  const bytes = parseIpAddress(text)
  return bytes !== undefined && whatIsSpecial(bytes) === 'loopback'
}

function whatIsSpecial(bytes: IpBytes): string | undefined {
  const found = RANGES.find(({ prefix }) => prefixContains(prefix, bytes))
  if (found !== undefined) return found.what
  if (bytes.byteLength === 4) return undefined
  const text = printIpAddress(bytes)
  if (text === '::1') return 'loopback'
  if (/^f[cd]/.test(text)) return 'private'
  if (IPV6_GLOBAL !== undefined && prefixContains(IPV6_GLOBAL, bytes)) return undefined
  return 'not of the internet'
}

/** In a network of one's own: somebody may listen there. */
function isUsable(what: string): boolean {
  return what === 'loopback' || what === 'private'
}
