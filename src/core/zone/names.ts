import { isHostLabel } from '#base/host.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { parseDbName } from '#base/names.ts'
import { REGIONS } from '#base/region.ts'
import { type DnsName, dnsName, isBelow } from '#formats/dns-message/index.ts'
import { regionOf, type Wanted } from '../selection/index.ts'
import type { Host, ZoneSnapshot } from './snapshot.ts'

/** What a name of the zone stands for. */
export type Meaning =
  | { readonly kind: 'apex' }
  /** CNAME to the client's part of the world (R30). */
  | { readonly kind: 'database' }
  | { readonly kind: 'pool'; readonly wanted: Wanted | 'by-client'; readonly known: boolean }
  | { readonly kind: 'update-record' }
  | { readonly kind: 'database-record'; readonly version: DbVersion }
  | { readonly kind: 'hosts'; readonly hosts: readonly Host[] }
  /** Nothing is here, but something is below (RFC 4592, 2.2.2). */
  | { readonly kind: 'empty'; readonly known: boolean }
  | { readonly kind: 'unknown' }

export interface Located {
  readonly apex: DnsName
  readonly meaning: Meaning
}

/** Where freshclam asks for databases that the main record does not name, whatever the zone (formats.md 5.3). */
export const CLAMAV_NET = dnsName('cvd.clamav.net')

/** The hosts of a snapshot by their label, mirrors under their own names too. */
export function hostsOf(snapshot: ZoneSnapshot): ReadonlyMap<string, Host> {
  const mirrors = snapshot.mirrors.map(({ name, addresses }) => ({
    name,
    addresses: addresses.map(({ bytes }) => bytes),
  }))
  const hosts = [...snapshot.nameServers, ...snapshot.masters, ...mirrors]
  return new Map(hosts.map((host) => [host.name, host]))
}

/** Undefined: the name is none of ours, which is REFUSED. */
export function locate(
  name: DnsName,
  zone: DnsName,
  snapshot: ZoneSnapshot,
  hosts: ReadonlyMap<string, Host>,
): Located | undefined {
  if (isBelow(name, zone)) {
    const labels = labelsAbove(name, zone)
    return { apex: zone, meaning: meaningOf(labels, snapshot, hosts) }
  }
  if (snapshot.policy.overrideClamavNet && isBelow(name, CLAMAV_NET)) {
    const labels = labelsAbove(name, CLAMAV_NET)
    const meaning: Meaning =
      labels.length === 0 ? { kind: 'apex' } : recordMeaning(labels, snapshot)
    return { apex: CLAMAV_NET, meaning }
  }
  return undefined
}

/** The labels before those of `zone`, which ends the name. */
function labelsAbove(name: DnsName, zone: DnsName): readonly string[] {
  return name === zone ? [] : name.slice(0, -zone.length - 1).split('.')
}

function meaningOf(
  labels: readonly string[],
  snapshot: ZoneSnapshot,
  hosts: ReadonlyMap<string, Host>,
): Meaning {
  const [first, second, ...deeper] = labels
  if (first === undefined) return { kind: 'apex' }
  if (deeper.length > 0) return { kind: 'unknown' }
  if (second === 'cvd') return recordMeaning([first], snapshot)
  if (second !== undefined) {
    return first === 'db' && isHostLabel(second) ? poolMeaning(second) : { kind: 'unknown' }
  }
  if (first === 'database') return { kind: 'database' }
  if (first === 'rsync') return { kind: 'hosts', hosts: snapshot.masters }
  const host = hosts.get(first)
  if (host !== undefined) return { kind: 'hosts', hosts: [host] }
  if (first === 'cvd') return { kind: 'empty', known: true }
  // `db.europe` is below `europe`, and `db.X` below every other label: "no such name" there would hide it from resolvers
  // that ask label by label (RFC 9156).
  return isHostLabel(first) ? { kind: 'empty', known: poolMeaning(first).known } : UNKNOWN
}

const UNKNOWN: Meaning = { kind: 'unknown' }

/** `db.X`: a part of the world, a country, the client's own, or everybody. */
function poolMeaning(label: string): Extract<Meaning, { readonly kind: 'pool' }> {
  if (label === 'local') return { kind: 'pool', wanted: 'by-client', known: true }
  const region = REGIONS.find((one) => one === label)
  if (region !== undefined) return { kind: 'pool', wanted: { kind: 'region', region }, known: true }
  const country = label.toUpperCase()
  const its = regionOf(country)
  if (its !== undefined) {
    return { kind: 'pool', wanted: { kind: 'country', country, region: its }, known: true }
  }
  return { kind: 'pool', wanted: { kind: 'world' }, known: label === 'test' }
}

/** Names of databases compare as names of DNS do, whatever the case. */
function recordMeaning(labels: readonly string[], { announced }: ZoneSnapshot): Meaning {
  const [label, ...more] = labels
  if (label === undefined || more.length > 0) return { kind: 'unknown' }
  if (label === 'current') return { kind: 'update-record' }
  const version = versionOf(label, announced?.versions)
  return version === undefined ? { kind: 'unknown' } : { kind: 'database-record', version }
}

function versionOf(
  label: string,
  versions: ReadonlyMap<DbName, DbVersion> | undefined,
): DbVersion | undefined {
  const name = parseDbName(label)
  const exact = name.ok ? versions?.get(name.value) : undefined
  if (exact !== undefined || versions === undefined) return exact
  return [...versions].find(([one]) => one.toLowerCase() === label)?.[1]
}
