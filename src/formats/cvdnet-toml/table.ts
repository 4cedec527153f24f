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
import { preset, required, type Section } from './field.ts'
import * as kind from './kind.ts'
import {
  MASTER,
  MASTER_PUSH,
  MASTER_RSYNC,
  MASTER_SSH,
  MASTER_UPLOAD,
  MIRRORS,
  PUBLISHERS,
  SIGMAKERS,
} from './master-table.ts'
import {
  MIRROR,
  MIRROR_HTTP,
  MIRROR_HTTPS,
  MIRROR_MASTERS,
  MIRROR_SSH,
  MIRROR_STATISTICS,
} from './mirror-table.ts'
import { REGISTRY } from './registry-table.ts'
import { STORE } from './store-table.ts'
import { MASTER_UPSTREAM, UPSTREAM_PROXY } from './upstream-table.ts'
import { MAIL, METRICS, MONITOR } from './watch-table.ts'

/**
 * The one table of settings. The parser, `cvdnet.example.toml` and `docs/reference/settings.md` come from it
 * (`npm run generate`).
 */
export const ROOT = {
  path: '',
  kind: 'table',
  about: 'What every role on this machine shares.',
  fields: {
    zone: required(
      'zone',
      kind.domain,
      'clamav.example',
      'The network’s domain: clients use `database.ZONE`.',
    ),
    state: preset(
      'state',
      kind.path,
      '/var/lib/cvdnet',
      'Folder for everything that a node keeps, outside of any document root.',
    ),
  },
} as const satisfies Section

export const LOG = {
  path: 'log',
  kind: 'table',
  about: 'What the program says while it runs. Secrets are never said.',
  fields: {
    level: preset(
      'level',
      kind.oneOf('info', 'debug', 'warn', 'error'),
      'info',
      'The least important that is said.',
    ),
    format: preset(
      'format',
      kind.oneOf('text', 'json'),
      'text',
      'Lines for people, or a JSON object a line.',
    ),
  },
} as const satisfies Section

/** In the order of the example file. */
export const SECTIONS: readonly Section[] = [
  ROOT,
  LOG,
  REGISTRY,
  STORE,
  MASTER,
  MASTER_SSH,
  MASTER_RSYNC,
  MASTER_UPLOAD,
  MASTER_PUSH,
  PUBLISHERS,
  SIGMAKERS,
  MIRRORS,
  MASTER_UPSTREAM,
  UPSTREAM_PROXY,
  MIRROR,
  MIRROR_SSH,
  MIRROR_HTTP,
  MIRROR_HTTPS,
  MIRROR_STATISTICS,
  MIRROR_MASTERS,
  MONITOR,
  MAIL,
  METRICS,
  DNS,
  DNS_NAME_SERVERS,
  DNS_MASTERS,
  UPDATE_RECORD,
  DNS_PLACES,
  DNS_OVERRIDES,
  DNS_ANSWERS,
  DNS_DNSSEC,
  DNS_SECONDARIES,
  DNS_POWERDNS,
]
