import { EXAMPLE_KEY } from './example-keys.ts'
import { optional, preset, required, type Section } from './field.ts'
import * as kind from './kind.ts'
import { PLACE_FIELDS } from './place-fields.ts'

/** The sections of a mirror. Every default has its reason in its sentence. */
/** 0: the system chooses. */
const port = kind.integer(0, 65_535)

export const MIRROR = {
  path: 'mirror',
  kind: 'table',
  about:
    'Present: this machine is a mirror. It pulls when a master calls, or by itself, verifies, publishes and serves.',
  fields: {
    name: required('name', kind.name, 'mirror1', 'Its name, as the masters know it.'),
    conf: required(
      'conf',
      kind.path,
      '/home/clamavdb/etc/clam-clientsync.conf',
      'The mirror’s `clam-clientsync.conf`: document root, login, exceptions.',
    ),
    names: preset(
      'names',
      kind.listOf(kind.hostPattern),
      [],
      'Host names besides `database.ZONE` and `db.*.ZONE` that it answers for.',
    ),
    pullEvery: optional(
      'pull_every',
      kind.duration(60_000, 24 * 3_600_000),
      '15m',
      'How often it pulls by itself: from the mirrors that `UPSTREAM` in `clam-clientsync.conf` names, or else from the first of `MASTERS` that answers. Absent: only when a master calls.',
    ),
    carried: preset(
      'carried',
      kind.flag,
      false,
      'It is filled from bundles alone (`cvdnet clientsync FILE`), so nobody calls it and it asks nobody.',
    ),
    deleteShareMax: preset(
      'delete_share_max',
      kind.share(),
      0.5,
      'Largest share of its files that one sync may delete; more looks like a mistake, and waits for a person.',
    ),
    rebuild: preset(
      'rebuild',
      kind.flag,
      true,
      'Large databases are made here of the version before and its patches where that gives the published bytes, instead of being fetched: a hundredth of the traffic of a daily release, for 20 s of a core per 64 MiB and, meanwhile, two to three times the file’s size on the disk.',
    ),
  },
} as const satisfies Section

export const MIRROR_SSH = {
  path: 'mirror.ssh',
  kind: 'table',
  about: 'Where masters call.',
  fields: {
    host: preset('host', kind.host, '0.0.0.0', 'The address to listen on.'),
    port: preset(
      'port',
      port,
      2223,
      'Not 22, where the machine’s own sshd listens; 0 lets the system choose.',
    ),
  },
} as const satisfies Section

export const MIRROR_HTTP = {
  path: 'mirror.http',
  kind: 'table',
  about: 'Where clients fetch.',
  fields: {
    host: preset(
      'host',
      kind.host,
      '::',
      'The address to listen on; `::` is IPv6 and IPv4, and IPv4 alone where there is no IPv6.',
    ),
    port: preset('port', port, 80, 'Clients know no other; below 1024 only root may listen.'),
    accessLog: optional(
      'access_log',
      kind.path,
      '/var/log/cvdnet/access.log',
      'File for a line a request, in the combined format. Absent: none is written.',
    ),
    clientsFile: optional(
      'clients_file',
      kind.path,
      'secrets/clients',
      'File with `name:password` a line: these clients alone may fetch, as `http://name:password@mirror…`. For a mirror of your own; one that is listed is for everybody.',
    ),
    workers: preset(
      'workers',
      kind.integer(1, 64),
      1,
      'Threads that serve. One fills some 3 GB/s; more are for machines that do little else, or for much HTTPS.',
    ),
    connectionsMax: preset(
      'connections_max',
      kind.integer(16, 65_536),
      16_384,
      'Connections at a time, HTTPS included; an idle one costs some 12 KB. Beyond it: 503.',
    ),
    connectionsPerAddressMax: preset(
      'connections_per_address',
      kind.integer(0, 65_536),
      0,
      'The same for one address; 0: as many as it likes, since it may be an office behind one router.',
    ),
    speeds: preset(
      'speeds',
      kind.oneOf('none', 'clamav-advice'),
      'none',
      'Speed of one connection: `clamav-advice` is 40 kB/s for databases and 400 kB/s for patches.',
    ),
    downloadsMax: preset(
      'downloads_max',
      kind.integer(0, 65_536),
      0,
      'Databases that are sent at a time; beyond it: 503 for these, while patches and checks go on. 0: no bound.',
    ),
    wholesAnHour: preset(
      'wholes_an_hour',
      kind.integer(0, 1000),
      0,
      'How often one client, known by address prefix and UUID together, may fetch the whole of one database in an hour; beyond it: 429. 0: as often as it likes.',
    ),
    retryAfterMaxMs: preset(
      'retry_after_max',
      kind.duration(1000, 4 * 3_600_000),
      '15m',
      'The longest that a 429 tells a client to wait: it then keeps away from every mirror.',
    ),
    fronts: preset(
      'fronts',
      kind.listOf(kind.network),
      [],
      'Addresses of proxies of yours in front, which are believed when they say who asked (`X-Forwarded-For`).',
    ),
    proxyProtocol: preset(
      'proxy_protocol',
      kind.flag,
      false,
      'The fronts begin each connection with a PROXY header, version 1 or 2.',
    ),
  },
} as const satisfies Section

export const MIRROR_HTTPS = {
  path: 'mirror.https',
  kind: 'table',
  about: 'The same by HTTPS, with HTTP/2. Only where a certificate is named.',
  fields: {
    host: preset('host', kind.host, '::', 'The address to listen on.'),
    port: preset('port', port, 443, 'Newer clients try it first.'),
    certificate: optional(
      'certificate',
      kind.path,
      '/etc/letsencrypt/live/mirror/fullchain.pem',
      'PEM file with the chain; read anew when it changes.',
    ),
    key: optional(
      'key',
      kind.path,
      '/etc/letsencrypt/live/mirror/privkey.pem',
      'PEM file with its private key.',
    ),
  },
} as const satisfies Section

export const MIRROR_STATISTICS = {
  path: 'mirror.statistics',
  kind: 'table',
  about:
    'Pages about traffic and clients at `/local_stats/`, behind a login. Only where a password is named.',
  fields: {
    user: optional('user', kind.name, 'mirror1', 'Login name. Absent: the mirror’s name.'),
    passwordFile: optional(
      'password_file',
      kind.path,
      'secrets/statistics',
      'File with the password, one line; not that of rsync. This or `password_env`.',
    ),
    passwordEnv: optional(
      'password_env',
      kind.environmentName,
      'STATISTICS_PASSWORD',
      'Environment variable with the password instead.',
    ),
    logs: preset(
      'logs',
      kind.listOf(kind.path),
      [],
      'Logs of another web server that serves this mirror, in the combined format; rotated ones (`.1`, `.2.gz`) are found beside them. Empty: our own.',
    ),
    daysKept: preset('days_kept', kind.integer(1, 3660), 400, 'Days of totals that are kept.'),
    ...PLACE_FIELDS,
  },
} as const satisfies Section

export const MIRROR_MASTERS = {
  path: 'mirror.masters',
  kind: 'list',
  about:
    'The masters that may call; none are needed where it pulls by itself. Their addresses stand in `clam-clientsync.conf` (`MASTERS`).',
  fields: {
    name: required('name', kind.name, 'rsync1', 'Its name there.'),
    key: required(
      'key',
      kind.sshKey,
      EXAMPLE_KEY,
      'The key that it calls with: whoever calls with it is this master.',
    ),
  },
} as const satisfies Section
