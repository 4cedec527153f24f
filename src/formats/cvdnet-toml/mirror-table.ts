import { EXAMPLE_KEY } from './example-keys.ts'
import { preset, required, type Section } from './field.ts'
import * as kind from './kind.ts'

/** The sections of a mirror. Every default has its reason in its sentence. */
/** 0: the system chooses. */
const port = kind.integer(0, 65_535)

export const MIRROR = {
  path: 'mirror',
  kind: 'table',
  about:
    'Present: this machine is a mirror. It pulls when a master calls, verifies, publishes and serves.',
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
    host: preset('host', kind.host, '0.0.0.0', 'The address to listen on.'),
    port: preset('port', port, 80, 'Clients know no other; below 1024 only root may listen.'),
  },
} as const satisfies Section

export const MIRROR_MASTERS = {
  path: 'mirror.masters',
  kind: 'list',
  about: 'The masters that may call. Their addresses stand in `clam-clientsync.conf` (`MASTERS`).',
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
