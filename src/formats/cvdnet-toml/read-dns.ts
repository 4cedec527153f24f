import { checkTwins } from './combinations.ts'
import {
  DNS,
  DNS_ANSWERS,
  DNS_DNSSEC,
  DNS_MASTERS,
  DNS_NAME_SERVERS,
  DNS_OVERRIDES,
  DNS_PLACES,
  DNS_POWERDNS,
  DNS_SECONDARIES,
  UPDATE_RECORD,
} from './dns-table.ts'
import { readPlaces } from './place-fields.ts'
import type { DocumentReader } from './reader.ts'
import type {
  DnsSettings,
  DnssecSettings,
  HostSettings,
  ListenSettings,
  UpdateRecordSettings,
} from './settings.ts'

/** `absolute` makes a path of the file one from the root. */
export function readDns(file: DocumentReader, absolute: (path: string) => string): DnsSettings {
  const at = file.table(DNS)
  const { fields } = DNS
  const snapshot = at.read(fields.snapshot)
  if (snapshot === undefined && file.list(DNS_NAME_SERVERS).length === 0) {
    at.refuse('snapshot', 'without it [[dns.name_servers]] must say who the name servers are')
  }
  const secret = at.read(fields.cookieSecretFile)
  return {
    hosts: at.read(fields.hosts),
    port: at.read(fields.port),
    snapshot: snapshot === undefined ? undefined : absolute(snapshot),
    nameServers: readHosts(file, DNS_NAME_SERVERS),
    masters: readHosts(file, DNS_MASTERS),
    sockets: at.read(fields.sockets),
    sharePort: at.read(fields.sharePort) === 'yes',
    clientSubnet: at.read(fields.clientSubnet) === 'yes',
    rateLimit: { perSecond: at.read(fields.ratePerSecond), slip: at.read(fields.rateSlip) },
    unlimited: at.read(fields.unlimited),
    cookieSecretFile: secret === undefined ? undefined : absolute(secret),
    places: readPlaces(file.table(DNS_PLACES), absolute),
    overrides: readOverrides(file),
    answers: readAnswers(file),
    secondaries: readSecondaries(file, absolute),
    dnssec: file.has(DNS_DNSSEC) ? readDnssec(file, absolute) : undefined,
    powerDns: file.has(DNS_POWERDNS) ? readPowerDns(file) : undefined,
  }
}

function readHosts(
  file: DocumentReader,
  section: typeof DNS_NAME_SERVERS | typeof DNS_MASTERS,
): readonly HostSettings[] {
  const { name, addresses } = section.fields
  const elements = file.list(section)
  const hosts = elements.map((one) => ({ name: one.read(name), addresses: one.read(addresses) }))
  checkTwins(
    elements,
    name.key,
    hosts.map((host) => [host.name]),
  )
  return hosts
}

export function readUpdateRecord(file: DocumentReader): UpdateRecordSettings {
  const at = file.table(UPDATE_RECORD)
  const { newestClamav, warnOfVersion, level, safebrowsing } = UPDATE_RECORD.fields
  return {
    newestClamav: at.read(newestClamav),
    versionWarning: at.read(warnOfVersion) ? 1 : 0,
    level: at.read(level),
    safebrowsing: at.read(safebrowsing),
  }
}

function readDnssec(file: DocumentReader, absolute: (path: string) => string): DnssecSettings {
  const at = file.table(DNS_DNSSEC)
  const { keys, signaturesPerSecond } = DNS_DNSSEC.fields
  if (file.list(DNS_SECONDARIES).length > 0) {
    at.refuse(
      keys.key,
      'secondaries cannot sign what they transfer ([[dns.secondaries]]); leave this zone unsigned and let them sign it, as Knot does',
    )
  }
  return { keys: absolute(at.read(keys)), signaturesPerSecond: at.read(signaturesPerSecond) }
}

function readPowerDns(file: DocumentReader): ListenSettings {
  const at = file.table(DNS_POWERDNS)
  const { host, port } = DNS_POWERDNS.fields
  return { host: at.read(host), port: at.read(port) }
}

function readSecondaries(
  file: DocumentReader,
  absolute: (path: string) => string,
): DnsSettings['secondaries'] {
  const { host, port, key, algorithm, keyFile } = DNS_SECONDARIES.fields
  return file.list(DNS_SECONDARIES).map((one) => ({
    host: one.read(host),
    port: one.read(port),
    key: one.read(key),
    algorithm: one.read(algorithm),
    keyFile: absolute(one.read(keyFile)),
  }))
}

/** The table of places holds the first 64 bits of IPv6. */
const IPV6_OVERRIDE_BITS_MAX = 64
/** Each is compared with each when the table is made. */
const OVERRIDES_MAX = 1000

function readOverrides(file: DocumentReader): DnsSettings['overrides'] {
  const { prefix, country } = DNS_OVERRIDES.fields
  return file.list(DNS_OVERRIDES).map((one, at) => {
    if (at === OVERRIDES_MAX) {
      one.refuse(
        'prefix',
        `more than ${OVERRIDES_MAX} overrides; such a list has its place in an mmdb`,
      )
    }
    const override = { prefix: one.read(prefix), country: one.read(country) }
    const { bytes, bits } = override.prefix
    if (bytes.byteLength === 16 && bits > IPV6_OVERRIDE_BITS_MAX) {
      one.refuse('prefix', `an IPv6 prefix here has at most ${IPV6_OVERRIDE_BITS_MAX} bits`)
    }
    return override
  })
}

function readAnswers(file: DocumentReader): DnsSettings['answers'] {
  const at = file.table(DNS_ANSWERS)
  const { fields } = DNS_ANSWERS
  const override = at.read(fields.overrideClamavNet)
  return {
    addressesMax: at.read(fields.addressesMax),
    nearMirrorsMin: at.read(fields.nearMirrorsMin),
    mirrorTtl: inSeconds(at.read(fields.mirrorTtlMs)),
    wobblingTtl: inSeconds(at.read(fields.wobblingTtlMs)),
    recordTtl: inSeconds(at.read(fields.recordTtlMs)),
    overrideClamavNet: override === undefined ? undefined : override === 'yes',
  }
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms / 1000)
}
