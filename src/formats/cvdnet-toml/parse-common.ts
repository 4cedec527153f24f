import type { Field } from './field.ts'
import type { TableReader } from './reader.ts'
import type { ListenSettings, LoginSettings, SecretPlace } from './settings.ts'

/** Where relative paths start. */
export class Place {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  of(path: string): string {
    return path.startsWith('/') ? path : `${this.#folder}/${path}`
  }
}

export function readListen(
  at: TableReader,
  fields: { readonly host: Field<string>; readonly port: Field<number> },
): ListenSettings {
  return { host: at.read(fields.host), port: at.read(fields.port) }
}

interface PasswordFields {
  readonly passwordFile: Field<string | undefined>
  readonly passwordEnv: Field<string | undefined>
}

export function readPassword(at: TableReader, fields: PasswordFields, place: Place): SecretPlace {
  const [path, name] = [at.read(fields.passwordFile), at.read(fields.passwordEnv)]
  if (
    (path === undefined) === (name === undefined) &&
    !at.hasFault('password_file', 'password_env')
  ) {
    at.refuse('password_file', 'exactly one of password_file and password_env is needed')
  }
  return name === undefined
    ? { kind: 'file', path: place.of(path ?? '') }
    : { kind: 'environment', name }
}

/** Undefined: there is no user, and so no password either. */
export function readLogin(
  at: TableReader,
  fields: PasswordFields & { readonly user: Field<string | undefined> },
  place: Place,
): LoginSettings | undefined {
  const [user, path, name] = [
    at.read(fields.user),
    at.read(fields.passwordFile),
    at.read(fields.passwordEnv),
  ]
  if (at.hasFault('user', 'password_file', 'password_env')) return undefined
  if (user !== undefined) return { user, password: readPassword(at, fields, place) }
  const [stray] = [path && 'password_file', name && 'password_env'].filter(
    (key) => key !== undefined,
  )
  if (stray !== undefined) at.refuse(stray, 'a password without a user')
  return undefined
}
