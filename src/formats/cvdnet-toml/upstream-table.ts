import { optional, preset, required, type Section } from './field.ts'
import * as kind from './kind.ts'
import { type Place, readLogin } from './parse-common.ts'
import type { DocumentReader } from './reader.ts'
import type { UpstreamSettings } from './settings.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

export const MASTER_UPSTREAM = {
  path: 'master.upstream',
  kind: 'table',
  about:
    'Present: this master follows the databases of somebody else, whose new versions it fetches and has judged like an upload.',
  fields: {
    servers: required(
      'servers',
      kind.someOf(kind.webAddress),
      ['https://database.clamav.net'],
      'Where they are, asked in this order.',
    ),
    databases: preset(
      'databases',
      kind.someOf(kind.databaseName),
      ['main', 'daily', 'bytecode'],
      'The names that are followed, and that may be released so.',
    ),
    updateRecord: optional(
      'update_record',
      kind.domain,
      'current.cvd.clamav.net',
      'TXT record that says what is the newest, so that a look costs one DNS packet. Absent: the servers are asked for the start of each file.',
    ),
    everyMs: preset(
      'every',
      kind.duration(10 * MINUTE, DAY),
      '1h',
      'How often it looks; ClamAV asks for no more than once an hour.',
    ),
    agent: optional(
      'user_agent',
      kind.headerText,
      'cvdnet (mirrors@example.com)',
      'How it calls itself. Absent: `cvdnet/VERSION (OS, ARCH, UUID)`.',
    ),
  },
} as const satisfies Section

export const UPSTREAM_PROXY = {
  path: 'master.upstream.proxy',
  kind: 'table',
  about: 'Present: the servers are asked by this HTTP proxy.',
  fields: {
    host: required('host', kind.host, 'proxy.example', 'Its name or address.'),
    port: preset('port', kind.integer(1, 65_535), 8080, 'Its port.'),
    user: optional('user', kind.headerText, 'cvdnet', 'Login. Absent: it asks for none.'),
    passwordFile: optional(
      'password_file',
      kind.path,
      'secrets/proxy',
      'File with the password of that login, one line. This or `password_env`.',
    ),
    passwordEnv: optional(
      'password_env',
      kind.environmentName,
      'PROXY_PASSWORD',
      'Environment variable with the password instead.',
    ),
  },
} as const satisfies Section

export function readUpstream(file: DocumentReader, place: Place): UpstreamSettings | undefined {
  if (!file.has(MASTER_UPSTREAM)) return undefined
  const at = file.table(MASTER_UPSTREAM)
  const { fields } = MASTER_UPSTREAM
  return {
    servers: at.read(fields.servers),
    databases: at.read(fields.databases),
    updateRecord: at.read(fields.updateRecord),
    everyMs: at.read(fields.everyMs),
    agent: at.read(fields.agent),
    proxy: readProxy(file, place),
  }
}

function readProxy(file: DocumentReader, place: Place): UpstreamSettings['proxy'] {
  if (!file.has(UPSTREAM_PROXY)) return undefined
  const at = file.table(UPSTREAM_PROXY)
  const { fields } = UPSTREAM_PROXY
  return {
    host: at.read(fields.host),
    port: at.read(fields.port),
    login: readLogin(at, fields, place),
  }
}
