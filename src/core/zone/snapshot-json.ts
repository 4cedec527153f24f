import { isHostLabel } from '#base/host.ts'
import { parseIpAddress, printIpAddress } from '#base/ip-address.ts'
import { dbVersion, parseDbName, serial } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { REGIONS } from '#base/region.ts'
import { epochSeconds } from '#base/time.ts'
import { isClamavVersion, RECORD_TIME_MAX } from '#formats/update-record/index.ts'
import type { Candidate, Condition, Listing } from '../selection/index.ts'
import { namesTakenTwice } from './host-names.ts'
import { JsonReader } from './json-reader.ts'
import {
  ADDRESSES_MAX,
  type Announced,
  type AnswerPolicy,
  HOST_ADDRESSES_MAX,
  type Host,
  REASON_CHARS_MAX,
  RECORD_TTL_MAX,
  SNAPSHOT_MIRRORS_MAX,
  TTL_MAX,
  type ZoneSnapshot,
} from './snapshot.ts'

export interface SnapshotFault {
  readonly kind: 'bad-snapshot'
  /** With the place: `mirrors[3].country …`. */
  readonly reason: string
}

const SERIAL_MAX = 0xffff_ffff
const SECONDS_MAX = 0x7fff_ffff
const HOSTS_MAX = 100
const DATABASES_MAX = 500
const ISSUERS_MAX = 16
const BANDWIDTH_MBIT_MAX = 10_000_000

/** One mirror a line, so that people and `diff` can read it. */
export function printSnapshot(snapshot: ZoneSnapshot): string {
  const { mirrors, nameServers, masters, announced, ...rest } = snapshot
  const document = {
    ...rest,
    ...(announced && {
      announced: { ...announced, versions: Object.fromEntries(announced.versions) },
    }),
    nameServers: nameServers.map(hostToJson),
    masters: masters.map(hostToJson),
  }
  const lines = mirrors.map((mirror) => `  ${JSON.stringify(mirrorToJson(mirror))}`)
  const head = JSON.stringify(document, undefined, 1).slice(0, -2)
  return `${head},\n "mirrors": [${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n `}]\n}\n`
}

function hostToJson({ name, addresses }: Host) {
  return { name, addresses: addresses.map(printIpAddress) }
}

function mirrorToJson({ addresses, ...mirror }: Candidate) {
  return {
    ...mirror,
    addresses: addresses.map(({ bytes, condition }) => ({
      address: printIpAddress(bytes),
      condition,
    })),
  }
}

export function parseSnapshot(text: string): Outcome<ZoneSnapshot, SnapshotFault> {
  const document = parseJson(text)
  if (!document.ok) return document
  const root = new JsonReader(document.value).keys(
    ...['zone', 'serial', 'heardAt', 'authority', 'nameServers', 'masters', 'mirrors'],
    ...['announced?', 'lastGood', 'policy'],
  )
  const snapshot: ZoneSnapshot = {
    zone: root.at('zone').parsed(asZone, 'domain name in small letters', ''),
    serial: root.at('serial').integer(0, SERIAL_MAX),
    heardAt: epochSeconds(root.at('heardAt').integer(0, SECONDS_MAX)),
    authority: readAuthority(root.at('authority')),
    nameServers: root.at('nameServers').list(HOSTS_MAX).map(readHost),
    masters: root.at('masters').list(HOSTS_MAX).map(readHost),
    mirrors: root.at('mirrors').list(SNAPSHOT_MIRRORS_MAX).map(readMirror),
    announced: root.has('announced') ? readAnnounced(root.at('announced')) : undefined,
    lastGood: {
      ipv4: readNames(root.at('lastGood').keys('ipv4', 'ipv6').at('ipv4')),
      ipv6: readNames(root.at('lastGood').at('ipv6')),
    },
    policy: readPolicy(root.at('policy')),
  }
  const reason = root.fault ?? whyNotTogether(snapshot)
  return reason === undefined ? ok(snapshot) : bad(reason)
}

/** The snapshot of that zone; one of another is refused. */
export function parseSnapshotOf(zone: string, text: string): Outcome<ZoneSnapshot, SnapshotFault> {
  const parsed = parseSnapshot(text)
  if (!parsed.ok || parsed.value.zone === zone) return parsed
  return bad(`it is of the zone "${parsed.value.zone}", not of "${zone}"`)
}

/** Good fields that do not fit each other. */
function whyNotTogether({ authority, ...snapshot }: ZoneSnapshot): string | undefined {
  if (!snapshot.nameServers.some(({ name }) => name === authority.primary)) {
    return `authority.primary "${authority.primary}" is none of nameServers`
  }
  const [twice] = namesTakenTwice(snapshot)
  return twice === undefined ? undefined : `the name "${twice}" is taken already`
}

function parseJson(text: string): Outcome<unknown, SnapshotFault> {
  try {
    return ok(JSON.parse(text))
  } catch {
    return bad('it is not JSON')
  }
}

function bad(reason: string): Outcome<never, SnapshotFault> {
  return fail({ kind: 'bad-snapshot', reason })
}

function readAuthority(at: JsonReader): ZoneSnapshot['authority'] {
  at.keys('primary', 'mailbox', 'refresh', 'retry', 'expire', 'minimum')
  const seconds = (name: string) => at.at(name).integer(1, SECONDS_MAX)
  return {
    primary: readLabel(at.at('primary')),
    mailbox: readLabel(at.at('mailbox')),
    refresh: seconds('refresh'),
    retry: seconds('retry'),
    expire: seconds('expire'),
    minimum: at.at('minimum').integer(0, TTL_MAX),
  }
}

function readHost(at: JsonReader): Host {
  at.keys('name', 'addresses')
  return {
    name: readLabel(at.at('name')),
    addresses: at.at('addresses').list(HOST_ADDRESSES_MAX).map(readAddress),
  }
}

function readMirror(at: JsonReader): Candidate {
  at.keys('name', 'country', 'region', 'bandwidthMbit', 'serial?', 'listing', 'addresses')
  return {
    name: readLabel(at.at('name')),
    country: at.at('country').parsed(asCountry, 'country, two capital letters', ''),
    region: at.at('region').parsed(asRegion, `one of ${REGIONS.join(', ')}`, 'other'),
    bandwidthMbit: at.at('bandwidthMbit').integer(1, BANDWIDTH_MBIT_MAX),
    serial: at.has('serial') ? serial(at.at('serial').integer(0, SECONDS_MAX)) : undefined,
    listing: readListing(at.at('listing')),
    addresses: at
      .at('addresses')
      .list(HOST_ADDRESSES_MAX)
      .map((one) => ({
        bytes: readAddress(one.keys('address', 'condition').at('address')),
        condition: readCondition(one.at('condition')),
      })),
  }
}

function readListing(at: JsonReader): Listing {
  const kind = at.at('kind').parsed(among('listed', 'unlisted'), '"listed" or "unlisted"', 'listed')
  if (kind === 'listed') {
    at.keys('kind')
    return { kind }
  }
  at.keys('kind', 'state', 'reason')
  return { kind, state: at.at('state').text(64), reason: at.at('reason').text(REASON_CHARS_MAX) }
}

function readCondition(at: JsonReader): Condition {
  const kinds = among('healthy', 'wobbling', 'down')
  const kind = at.at('kind').parsed(kinds, '"healthy", "wobbling" or "down"', 'healthy')
  if (kind !== 'down') {
    at.keys('kind')
    return { kind }
  }
  at.keys('kind', 'reason')
  return { kind, reason: at.at('reason').text(REASON_CHARS_MAX) }
}

function readAnnounced(at: JsonReader): Announced {
  at.keys(
    ...['serial', 'at', 'versions', 'newestClamav', 'versionWarning', 'level', 'safebrowsing?'],
  )
  const count = (one: JsonReader) => one.integer(0, SECONDS_MAX)
  const entries = at.at('versions').entries()
  if (entries.length > DATABASES_MAX) at.refuse(`names more than ${DATABASES_MAX} databases`)
  const versions = entries.slice(0, DATABASES_MAX).flatMap(([key, one]) => {
    const name = parseDbName(key)
    const version = dbVersion(count(one))
    if (!name.ok) one.refuse('is no database name')
    return name.ok && version !== undefined ? [[name.value, version] as const] : []
  })
  const safebrowsing = at.has('safebrowsing') ? dbVersion(count(at.at('safebrowsing'))) : undefined
  const number = serial(count(at.at('serial')))
  if (number === undefined) throw new Error('Cannot happen: the number was checked')
  return {
    serial: number,
    at: epochSeconds(at.at('at').integer(0, RECORD_TIME_MAX)),
    versions: new Map(versions),
    newestClamav: at.at('newestClamav').parsed(asClamavVersion, 'version of ClamAV', ''),
    versionWarning: count(at.at('versionWarning')),
    level: count(at.at('level')),
    safebrowsing,
  }
}

function readPolicy(at: JsonReader): AnswerPolicy {
  at.keys(...['addressesMax', 'nearMirrorsMin', 'ttl', 'certificateIssuers', 'overrideClamavNet'])
  const ttl = at.at('ttl').keys('mirrors', 'wobbling', 'records', 'hosts')
  return {
    addressesMax: at.at('addressesMax').integer(1, ADDRESSES_MAX),
    nearMirrorsMin: at.at('nearMirrorsMin').integer(1, SNAPSHOT_MIRRORS_MAX),
    ttl: {
      mirrors: ttl.at('mirrors').integer(0, TTL_MAX),
      wobbling: ttl.at('wobbling').integer(0, TTL_MAX),
      records: ttl.at('records').integer(0, RECORD_TTL_MAX),
      hosts: ttl.at('hosts').integer(0, TTL_MAX),
    },
    certificateIssuers: at
      .at('certificateIssuers')
      .list(ISSUERS_MAX)
      .map((one) => one.parsed(asZone, 'domain name', '')),
    overrideClamavNet: at.at('overrideClamavNet').boolean(),
  }
}

function readNames(at: JsonReader): readonly string[] {
  return at.list(SNAPSHOT_MIRRORS_MAX).map(readLabel)
}

function readLabel(at: JsonReader): string {
  return at.parsed((text) => (isHostLabel(text) ? text : undefined), 'label of a host name', '')
}

function readAddress(at: JsonReader): Uint8Array {
  return at.parsed(parseIpAddress, 'address', new Uint8Array(4))
}

function asZone(text: string): string | undefined {
  const labels = text.split('.')
  return text.length <= 200 && labels.every(isHostLabel) ? text : undefined
}

function asCountry(text: string): string | undefined {
  return /^[A-Z]{2}$/.test(text) ? text : undefined
}

function asRegion(text: string) {
  return REGIONS.find((region) => region === text)
}

function asClamavVersion(text: string): string | undefined {
  return isClamavVersion(text) ? text : undefined
}

function among<T extends string>(...all: readonly T[]): (text: string) => T | undefined {
  return (text) => all.find((one) => one === text)
}
