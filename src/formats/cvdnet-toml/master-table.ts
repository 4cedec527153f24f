import { REGIONS } from '#base/region.ts'
import { EXAMPLE_KEY, OTHER_KEY } from './example-keys.ts'
import { optional, preset, required, type Section } from './field.ts'
import * as kind from './kind.ts'

/** The sections of a master. Every default has its reason in its sentence. */
const MIB = 1024 * 1024
const TIB = 1024 * 1024 * MIB
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** 0: the system chooses. */
const port = kind.integer(0, 65_535)
const portOfOther = kind.integer(1, 65_535)

export const MASTER = {
  path: 'master',
  kind: 'table',
  about: 'Present: this machine is a master. It takes uploads, judges them, publishes and pushes.',
  fields: {
    name: preset('name', kind.name, 'rsync1', 'How mirrors and sigmakers call this master.'),
    address: optional(
      'address',
      kind.host,
      'rsync1.clamav.example',
      'Where mirrors and the other masters reach it. Absent: what it listens on for rsync, or else NAME.ZONE.',
    ),
    module: preset('module', kind.name, 'clamavdb', 'The rsync module that mirrors pull from.'),
    releasesKept: preset(
      'releases_kept',
      kind.integer(2, 1000),
      5,
      'Published releases that stay on disk; readers in flight need the one before.',
    ),
    timestampEveryMs: preset(
      'timestamp_every',
      kind.duration(MINUTE, DAY),
      '6h',
      'How often `timestamp` is renewed and pushed; a mirror whose stamp is a day old counts as old.',
    ),
    networkKeys: optional(
      'network_keys',
      kind.path,
      '/var/lib/cvdnet/network',
      'Folder of the network’s signing keys and its root. Absent: `network` below `state`.',
    ),
  },
} as const satisfies Section

export const MASTER_SSH = {
  path: 'master.ssh',
  kind: 'table',
  about: 'Where sigmakers upload and notify.',
  fields: {
    host: preset('host', kind.host, '0.0.0.0', 'The address to listen on.'),
    port: preset(
      'port',
      port,
      2222,
      'Not 22, where the machine’s own sshd listens; 0 lets the system choose.',
    ),
  },
} as const satisfies Section

export const MASTER_RSYNC = {
  path: 'master.rsync',
  kind: 'table',
  about: 'Where mirrors pull, each with its own login.',
  fields: {
    host: preset('host', kind.host, '0.0.0.0', 'The address to listen on.'),
    port: preset('port', port, 873, 'rsync’s registered port; below 1024 only root may listen.'),
  },
} as const satisfies Section

export const MASTER_UPLOAD = {
  path: 'master.upload',
  kind: 'table',
  about: 'How much one sigmaker’s folder may hold.',
  fields: {
    fileBytesMax: preset(
      'file_max',
      kind.size(MIB, TIB),
      '1 GiB',
      'One file; five times the largest real database.',
    ),
    folderBytesMax: preset('folder_max', kind.size(MIB, 16 * TIB), '4 GiB', 'All files together.'),
    filesMax: preset(
      'files_max',
      kind.integer(1, 100_000),
      200,
      'Number of files; a set has under a hundred.',
    ),
  },
} as const satisfies Section

export const MASTER_PUSH = {
  path: 'master.push',
  kind: 'table',
  about: 'How mirrors are told to pull.',
  fields: {
    parallel: preset(
      'parallel',
      kind.integer(1, 1000),
      8,
      'Mirrors that pull at the same time: what the master’s line can feed.',
    ),
    connectTimeoutMs: preset(
      'connect_timeout',
      kind.duration(SECOND, 10 * MINUTE),
      '15s',
      'Until a mirror’s ssh server has let us in.',
    ),
    syncTimeoutMs: preset(
      'sync_timeout',
      kind.duration(10 * SECOND, DAY),
      '20m',
      'From the login to the end of the mirror’s sync; a first sync of everything on a slow line fits.',
    ),
    canary: preset(
      'canary',
      kind.flag,
      true,
      'One mirror goes first with every release; two that refuse it stop it for all others.',
    ),
    retries: preset(
      'retries',
      kind.integer(0, 100),
      5,
      'Tries after the first; then the next push, or the six-hourly one, makes it up.',
    ),
    retryBaseMs: preset(
      'retry_base',
      kind.duration(SECOND / 10, HOUR),
      '5s',
      'Wait before the first retry; doubled each time, half of it by chance.',
    ),
    retryMaxMs: preset(
      'retry_max',
      kind.duration(SECOND, DAY),
      '5m',
      'The longest wait between two tries.',
    ),
  },
} as const satisfies Section

export const PUBLISHERS = {
  path: 'master.publishers',
  kind: 'list',
  about:
    'Whose databases are accepted. ClamAV is among them anyway, its keys are built in; it is named only to say more.',
  fields: {
    name: required('name', kind.name, 'acme', 'As his keys name him.'),
    keys: optional(
      'keys',
      kind.path,
      'keys/acme.pub.json',
      'File of his public keys (`cvdnet key show`). Not for ClamAV.',
    ),
    secrets: optional(
      'secrets',
      kind.path,
      'keys/acme.json',
      'File of his secret keys, mode 0600: this master then makes his patches. Absent: he ships them.',
    ),
    certs: optional(
      'certs',
      kind.path,
      'certs/acme',
      'Folder of the certificates (`*.pem`, `*.crt`) that his clients trust. Absent: no `.sign` is accepted.',
    ),
    always: preset(
      'always',
      kind.listOf(kind.oneOf('patch', 'sign')),
      [],
      'What he ships with every database, so that a set without it is refused.',
    ),
  },
} as const satisfies Section

export const SIGMAKERS = {
  path: 'master.sigmakers',
  kind: 'list',
  about:
    'Who may release, and what. Taken into the store at the start, if it has none of that name; then the store holds.',
  fields: {
    name: required('name', kind.name, 'acme', 'His name in journal and folders.'),
    keys: required(
      'key',
      kind.oneOrMore(kind.sshKey),
      `${EXAMPLE_KEY}`,
      'His ssh public key: it uploads, triggers and signs plain sets.',
    ),
    databases: required('databases', kind.databases, ['acme'], 'Names that he may release.'),
  },
} as const satisfies Section

export const MIRRORS = {
  path: 'master.mirrors',
  kind: 'list',
  about: 'The mirrors that are pushed to. Taken into the store as the sigmakers are.',
  fields: {
    name: required('name', kind.name, 'mirror1', 'Its name in journal and status.'),
    host: required(
      'host',
      kind.host,
      'mirror1.example',
      'Where it is called by ssh and looked at by HTTP.',
    ),
    httpPort: preset('http_port', portOfOther, 80, 'Port of its web server.'),
    sshPort: preset('ssh_port', portOfOther, 22, 'Port of its ssh server.'),
    account: preset(
      'account',
      kind.name,
      'clamavdb',
      'Account on the mirror that the trigger logs into.',
    ),
    hostKey: required(
      'host_key',
      kind.sshKey,
      OTHER_KEY,
      'Its ssh host key; any other key in its place is a refusal.',
    ),
    country: required('country', kind.country, 'DE', 'Where it stands.'),
    region: required('region', kind.oneOf(...REGIONS), 'europe', 'For the names `db.REGION.ZONE`.'),
    user: required('user', kind.name, 'mirror1', 'Its rsync login here.'),
    passwordFile: optional(
      'password_file',
      kind.path,
      'secrets/mirror1',
      'File with the password of that login, one line. This or `password_env`.',
    ),
    passwordEnv: optional(
      'password_env',
      kind.environmentName,
      'MIRROR1_PASSWORD',
      'Environment variable with the password instead.',
    ),
    bandwidthMbit: preset(
      'bandwidth_mbit',
      kind.integer(1, 1_000_000),
      10,
      'What its operator declares; the least that a mirror must have.',
    ),
    admin: optional(
      'admin',
      kind.mailAddress,
      'admin@mirror1.example',
      'Who is told when it falls behind.',
    ),
  },
} as const satisfies Section
