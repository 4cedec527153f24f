/** The zone of `bench/dns.ts`, for our server and, in their own languages, for the others. */

import { printIpAddress } from '#base/ip-address.ts'
import type { Candidate } from '#core/selection/index.ts'
import type { ZoneSnapshot } from '#core/zone/index.ts'
import { aMirror } from '../test/support/candidates.ts'
import { aSnapshot } from '../test/support/zone.ts'

const COUNTRIES = ['DE', 'FR', 'US', 'BR', 'JP', 'IN', 'ZA', 'AU'] as const
const CONTINENTS = { europe: 'eu', america: 'na', asia: 'as', other: 'af' } as const

/** TXT, CNAME and A by country, A, AAAA, and a name that is not there, in equal parts. */
export const QUERIES = [
  'current.cvd.clamav.example TXT',
  'database.clamav.example A',
  'db.europe.clamav.example A',
  'db.asia.clamav.example AAAA',
  'nothing.clamav.example A',
] as const

export function benchSnapshot(mirrors: number): ZoneSnapshot {
  return aSnapshot({
    mirrors: Array.from({ length: mirrors }, (_, at) =>
      aMirror(`m${at + 1}`, COUNTRIES[at % COUNTRIES.length] ?? 'DE'),
    ),
  })
}

function addressesIn(region: string, family: 4 | 16): readonly string[] {
  return benchSnapshot(32)
    .mirrors.filter((mirror: Candidate) => mirror.region === region)
    .flatMap(({ addresses }) => addresses.filter(({ bytes }) => bytes.byteLength === family))
    .slice(0, 8)
    .map(({ bytes }) => printIpAddress(bytes))
}

const TXT = '1.4.6:63:27100:1795488000:0:90:49192:339'

/** The YAML of PowerDNS's geoip backend. */
export function powerdnsZone(): string {
  const records = (region: keyof typeof CONTINENTS) => [
    `      db.${region}.clamav.example:`,
    ...addressesIn(region, 4).map((address) => `        - a: ${address}`),
    ...addressesIn(region, 16).map((address) => `        - aaaa: "${address}"`),
    `      db.${CONTINENTS[region]}.clamav.example:`,
    ...addressesIn(region, 4).map((address) => `        - a: ${address}`),
  ]
  return [
    'domains:',
    '  - domain: clamav.example',
    '    ttl: 120',
    '    records:',
    '      clamav.example:',
    '        - soa: ns1.clamav.example hostmaster.clamav.example 42 3600 600 86400 60',
    '        - ns: ns1.clamav.example',
    '      ns1.clamav.example:',
    '        - a: 192.0.2.53',
    '      current.cvd.clamav.example:',
    `        - txt: "${TXT}"`,
    '      database.clamav.example:',
    '        - cname: db.%cn.clamav.example',
    ...(['europe', 'america', 'asia', 'other'] as const).flatMap(records),
    '',
  ].join('\n')
}

/** It allows no CNAME by place to a name of the same zone, so it answers the addresses alone: less work than ours. */
export function gdnsdConfig(port: number, mmdb: string, folder: string): string {
  const targets = Object.entries(CONTINENTS).map(
    ([region, code]) => `        ${code} => { service_types => up, ${members(region)} }`,
  )
  const all = Object.values(CONTINENTS).join(', ')
  return `options => {
  listen => [ 127.0.0.1:${port} ], udp_threads => 1, tcp_threads => 1
  run_dir => ${folder}/run, state_dir => ${folder}/state
}
plugins => { geoip => {
  maps => { m => {
    geoip2_db => ${mmdb}
    datacenters => [${all}]
    map => { EU => [${all}], NA => [na, eu, as, af], AS => [as, eu, na, af], AF => [af, eu, na, as] }
  } }
  resources => { database => { map => m, dcmap => {
${targets.join('\n')}
  } } }
} }
`
}

function members(region: string): string {
  return addressesIn(region, 4)
    .map((address, at) => `a${at} => ${address}`)
    .join(', ')
}

export function gdnsdZone(): string {
  const records = (region: string) => [
    ...addressesIn(region, 4).map((address) => `db.${region} 120 A ${address}`),
    ...addressesIn(region, 16).map((address) => `db.${region} 120 AAAA ${address}`),
  ]
  return [
    '@ 3600 SOA ns1 hostmaster 42 3600 600 86400 60',
    '@ 3600 NS ns1',
    'ns1 3600 A 192.0.2.53',
    `current.cvd 60 TXT "${TXT}"`,
    'database 120 DYNA geoip!database',
    ...['europe', 'america', 'asia', 'other'].flatMap(records),
    '',
  ].join('\n')
}
