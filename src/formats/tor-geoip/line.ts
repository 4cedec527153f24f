import { type IpBytes, parseIpAddress } from '#base/ip-address.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'

/**
 * One line of the country ranges that Tor ships (`geoip`, `geoip6`; Debian's tor-geoipdb). IPv4 in decimal, IPv6 as text:
 *
 *     16777216,16777471,AU
 *     2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP
 */
export type TorGeoipLine =
  | {
      readonly kind: 'range'
      readonly from: IpBytes
      readonly to: IpBytes
      readonly country: string
    }
  /** When the data were made: `# Generated: Thu, 25 Jun 2026 04:33:59 GMT`. */
  | { readonly kind: 'generated'; readonly at: string }
  | { readonly kind: 'comment' }

export interface TorGeoipFault {
  readonly kind: 'bad-range'
}

const IPV4_MAX = 0xffff_ffff

export function parseTorGeoipLine(line: string): Outcome<TorGeoipLine, TorGeoipFault> {
  if (line === '' || line.startsWith('#')) {
    const at = /^# Generated: +(.{1,60}?)\s*$/.exec(line)?.[1]
    return ok(at === undefined ? { kind: 'comment' } : { kind: 'generated', at })
  }
  const [first = '', last = '', country = '', ...more] = line.split(',')
  const [from, to] = [addressOf(first), addressOf(last)]
  if (from === undefined || to === undefined || more.length > 0) return fail({ kind: 'bad-range' })
  if (!/^[A-Z0-9?]{2}$/.test(country)) return fail({ kind: 'bad-range' })
  return ok({ kind: 'range', from, to, country })
}

function addressOf(text: string): IpBytes | undefined {
  if (text.includes(':')) return parseIpAddress(text)
  if (!/^\d{1,10}$/.test(text) || Number(text) > IPV4_MAX) return undefined
  const value = Number(text)
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}
