import { optional, preset, required, type Section } from './field.ts'
import * as kind from './kind.ts'
import { PLACE_FIELDS } from './place-fields.ts'

/** The sections of a name server. Every default has its reason in its sentence. */
const seconds = (max: number) => kind.duration(0, max * 1000)
const DAY_SECONDS = 86_400
/** Promise 6 is about seconds, and freshclam asks anew at each run. */
const RECORD_SECONDS_MAX = 300

export const DNS = {
  path: 'dns',
  kind: 'table',
  about: 'Present: this machine is a name server of the zone.',
  fields: {
    hosts: preset(
      'hosts',
      kind.oneOrMore(kind.address),
      ['0.0.0.0'],
      'The addresses to listen on, over UDP and TCP; "::" for IPv6.',
    ),
    port: preset(
      'port',
      kind.integer(0, 65_535),
      53,
      'Resolvers know no other; below 1024 only root may listen.',
    ),
    snapshot: optional(
      'snapshot',
      kind.path,
      '/var/lib/cvdnet/zone.json',
      'What to answer, where there is no store: a file that is delivered, followed as it changes. Absent: what the store says.',
    ),
    sockets: preset(
      'sockets',
      kind.oneOf('auto', 'dgram'),
      'auto',
      'How packets are taken: many with one call where that loads, or one by one.',
    ),
    sharePort: preset(
      'share_port',
      kind.oneOf('no', 'yes'),
      'no',
      'Whether several processes answer on this port, one a core.',
    ),
    clientSubnet: preset(
      'client_subnet',
      kind.oneOf('no', 'yes'),
      'no',
      'Whether EDNS client subnet decides where a client is (RFC 7871); resolvers then keep an answer for each network.',
    ),
    ratePerSecond: preset(
      'rate_per_second',
      kind.integer(0, 1_000_000),
      200,
      'Equal answers to one network (/24, /56) over UDP; 0 for no limit. Forged addresses get no more than this from us.',
    ),
    rateSlip: preset(
      'rate_slip',
      kind.integer(0, 10),
      2,
      'Every how many limited answers one is sent empty, so that an honest asker comes by TCP; 0 for none.',
    ),
    unlimited: preset(
      'unlimited',
      kind.listOf(kind.prefix),
      ['127.0.0.0/8', '::1'],
      'Networks that are never limited: your own resolvers.',
    ),
    cookieSecretFile: optional(
      'cookie_secret_file',
      kind.path,
      'secrets/dns-cookie',
      'File with 32 hexadecimal digits that all name servers of the zone share (RFC 9018). Absent: one of its own, new at each start.',
    ),
  },
} as const satisfies Section

const addresses = (...example: readonly string[]) =>
  required('addresses', kind.oneOrMore(kind.address), example, 'Where it is found.')

export const DNS_NAME_SERVERS = {
  path: 'dns.name_servers',
  kind: 'list',
  about:
    'The name servers of the zone, this one among them, the primary first. Needed where the zone is made of the store.',
  fields: {
    name: required('name', kind.label, 'ns1', 'Its name below the zone.'),
    addresses: addresses('192.0.2.53', '2001:db8::53'),
  },
} as const satisfies Section

export const DNS_MASTERS = {
  path: 'dns.masters',
  kind: 'list',
  about: 'Addresses of masters that the registry has a host name of, or does not have.',
  fields: {
    name: required('name', kind.label, 'rsync1', 'Its name in the registry and below the zone.'),
    addresses: addresses('192.0.2.101'),
  },
} as const satisfies Section

export const UPDATE_RECORD = {
  path: 'update_record',
  kind: 'table',
  about:
    'What the update record says besides the versions of databases: in the zone that is made of the store, and in the `dns.txt` of a master. The same on every machine.',
  fields: {
    newestClamav: preset(
      'newest_clamav',
      kind.engineVersion,
      '1.4.6',
      'The newest version of the engine.',
    ),
    warnOfVersion: preset(
      'warn_of_version',
      kind.flag,
      false,
      'Whether older engines warn their users.',
    ),
    level: preset(
      'level',
      kind.integer(0, 1_000_000),
      90,
      'Functionality level; engines below it warn that they are too old.',
    ),
    safebrowsing: optional(
      'safebrowsing',
      kind.integer(0, 1_000_000_000),
      49_192,
      'Version of the database that old engines still ask for.',
    ),
  },
} as const satisfies Section

export const DNS_PLACES = {
  path: 'dns.places',
  kind: 'table',
  about: 'Where clients are.',
  fields: PLACE_FIELDS,
} as const satisfies Section

export const DNS_OVERRIDES = {
  path: 'dns.overrides',
  kind: 'list',
  about: 'Networks whose place you know better than the data.',
  fields: {
    prefix: required('prefix', kind.prefix, '10.0.0.0/8', 'Addresses that begin like this.'),
    country: required('country', kind.country, 'DE', 'Where they are.'),
  },
} as const satisfies Section

export const DNS_ANSWERS = {
  path: 'dns.answers',
  kind: 'table',
  about: 'What this node answers otherwise than its snapshot says.',
  fields: {
    addressesMax: optional(
      'addresses_max',
      kind.integer(1, 13),
      8,
      'Mirrors in one answer; eight fit into the 512 bytes of old resolvers.',
    ),
    nearMirrorsMin: optional(
      'near_mirrors_min',
      kind.integer(1, 1000),
      3,
      'Mirrors that make a near set: a country with fewer is filled up with its neighbours.',
    ),
    mirrorTtlMs: optional(
      'mirror_ttl',
      seconds(DAY_SECONDS),
      '2m',
      'How long resolvers keep addresses of mirrors.',
    ),
    wobblingTtlMs: optional(
      'wobbling_ttl',
      seconds(DAY_SECONDS),
      '20s',
      'The same while a mirror is near a change.',
    ),
    recordTtlMs: optional(
      'record_ttl',
      seconds(RECORD_SECONDS_MAX),
      '1m',
      'How long resolvers keep the update record.',
    ),
    overrideClamavNet: optional(
      'override_clamav_net',
      kind.oneOf('no', 'yes'),
      'no',
      'Whether NAME.cvd.clamav.net is answered, where stock freshclam asks for databases besides main, daily and bytecode. Only for resolvers of your own.',
    ),
  },
} as const satisfies Section

export const DNS_SECONDARIES = {
  path: 'dns.secondaries',
  kind: 'list',
  about: 'Name servers that transfer the zone (AXFR, IXFR), as everybody’s without places.',
  fields: {
    host: required('host', kind.address, '192.0.2.54', 'Where it is told of changes (NOTIFY).'),
    port: preset('port', kind.integer(1, 65_535), 53, 'Its port.'),
    key: required('key', kind.domain, 'transfer.clamav.example', 'Name of the TSIG key.'),
    algorithm: preset(
      'algorithm',
      kind.oneOf('hmac-sha256', 'hmac-sha512'),
      'hmac-sha256',
      'Algorithm of the TSIG key.',
    ),
    keyFile: required(
      'key_file',
      kind.path,
      'secrets/transfer.key',
      'File with its secret in base64, one line.',
    ),
  },
} as const satisfies Section

export const DNS_POWERDNS = {
  path: 'dns.powerdns',
  kind: 'table',
  about: 'Present: PowerDNS may ask here, by its remote backend over HTTP.',
  fields: {
    host: preset('host', kind.address, '127.0.0.1', 'The address to listen on.'),
    port: preset('port', kind.integer(0, 65_535), 8053, 'Its port; nobody else should reach it.'),
  },
} as const satisfies Section

export const DNS_DNSSEC = {
  path: 'dns.dnssec',
  kind: 'table',
  about:
    'Present: the zone is signed, each answer when somebody wants signatures. Not together with [[dns.secondaries]]: they have no key to sign with.',
  fields: {
    keys: required(
      'keys',
      kind.path,
      'secrets/zone-keys',
      'Folder of the keys that `cvdnet dns-key` makes; all name servers of the zone have the same. Changes are followed.',
    ),
    signaturesPerSecond: preset(
      'signatures_per_second',
      kind.integer(10, 1_000_000),
      1000,
      'Signatures that each listener may make for what was not asked before: an eighth of a core. Beyond, who asks by UDP is sent to TCP.',
    ),
  },
} as const satisfies Section
