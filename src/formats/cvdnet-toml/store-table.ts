import { optional, preset, type Section } from './field.ts'
import * as kind from './kind.ts'
import type { TableReader } from './reader.ts'
import type { SecretPlace, StoreSettings } from './settings.ts'

export const STORE = {
  path: 'store',
  kind: 'table',
  about: 'What the roles of the network share: mirrors, sigmakers, releases, journal.',
  fields: {
    kind: preset(
      'kind',
      kind.oneOf('sqlite', 'postgres'),
      'sqlite',
      'SQLite where all masters and the monitor run on one machine; PostgreSQL where they do not.',
    ),
    path: optional(
      'path',
      kind.path,
      '/var/lib/cvdnet/store.sqlite',
      'File of the SQLite store, on a local disk. Absent: `store.sqlite` below `state`.',
    ),
    urlFile: optional(
      'url_file',
      kind.path,
      'secrets/store-url',
      'File with PostgreSQL’s `postgres://user:password@host/database`, one line. This or `url_env`.',
    ),
    urlEnv: optional(
      'url_env',
      kind.environmentName,
      'CVDNET_STORE_URL',
      'Environment variable with that address instead.',
    ),
  },
} as const satisfies Section

export function readStore(
  at: TableReader,
  absolute: (path: string) => string,
  state: string,
): StoreSettings {
  const { fields } = STORE
  const path = at.read(fields.path)
  const [file, name] = [at.read(fields.urlFile), at.read(fields.urlEnv)]
  if (at.read(fields.kind) === 'sqlite') {
    for (const [key, value] of [
      ['url_file', file],
      ['url_env', name],
    ] as const) {
      if (value !== undefined) at.refuse(key, 'kind = "sqlite" has a path and no address')
    }
    return { kind: 'sqlite', path: path === undefined ? `${state}/store.sqlite` : absolute(path) }
  }
  if (path !== undefined) at.refuse('path', 'kind = "postgres" has an address and no path')
  if ((file === undefined) === (name === undefined) && !at.hasFault('url_file', 'url_env')) {
    at.refuse('url_file', 'exactly one of url_file and url_env is needed')
  }
  const url: SecretPlace =
    name === undefined
      ? { kind: 'file', path: absolute(file ?? '') }
      : { kind: 'environment', name }
  return { kind: 'postgres', url }
}
