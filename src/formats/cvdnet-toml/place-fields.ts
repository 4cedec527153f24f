import { optional, preset } from './field.ts'
import * as kind from './kind.ts'
import type { Place } from './parse-common.ts'
import type { TableReader } from './reader.ts'
import type { PlaceSettings } from './settings.ts'

/** Where countries of addresses come from, of whoever needs them. */
export const PLACE_FIELDS = {
  ipv4: preset(
    'ipv4',
    kind.path,
    '/usr/share/tor/geoip',
    'Countries of IPv4, as Debian’s tor-geoipdb has them.',
  ),
  ipv6: preset('ipv6', kind.path, '/usr/share/tor/geoip6', 'The same of IPv6.'),
  mmdb: optional(
    'mmdb',
    kind.path,
    '/var/lib/cvdnet/countries.mmdb',
    'A MaxMind database instead of the two.',
  ),
} as const

export function readPlaces(at: TableReader, absolute: Place['of']): PlaceSettings {
  const mmdb = at.read(PLACE_FIELDS.mmdb)
  const [ipv4, ipv6] = [at.read(PLACE_FIELDS.ipv4), at.read(PLACE_FIELDS.ipv6)]
  return mmdb === undefined
    ? { kind: 'tor', ipv4: absolute(ipv4), ipv6: absolute(ipv6) }
    : { kind: 'mmdb', file: absolute(mmdb) }
}
