/** A new sigmaker, or other keys for one (R88–R90), as the team types them. Every fault at once. */
import { parseDbName } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { parseSshPublicKeyLine } from '#base/ssh-public-key.ts'
import type { ApplicationFault } from './application.ts'
import type { SigmakerRecord } from './record.ts'
import { asMail, asName, printable } from './typed.ts'

export interface GivenSigmaker {
  readonly name: string
  /** Lines of `.pub` files. */
  readonly keys: readonly string[]
  /** Names, or `*` alone for all. */
  readonly databases: readonly string[]
  readonly mail: string | undefined
}

const KEYS_MAX = 16
const DATABASES_MAX = 1000

export function parseSigmaker(
  given: GivenSigmaker,
): Outcome<SigmakerRecord, readonly ApplicationFault[]> {
  const keys = parseSigmakerKeys(given.keys)
  const faults: ApplicationFault[] = keys.ok ? [] : [...keys.fault]
  if (asName(given.name) === undefined) {
    faults.push({ field: 'name', reason: 'wants small letters, digits and "-", at most 63' })
  }
  if (given.mail !== undefined && asMail(given.mail) === undefined) {
    faults.push({ field: 'mail', reason: 'wants a mail address' })
  }
  const databases = databasesOf(given.databases)
  if (!databases.ok) faults.push({ field: 'databases', reason: databases.fault })
  if (!keys.ok || !databases.ok || faults.length > 0) return fail(faults)
  return ok({ name: given.name, keys: keys.value, databases: databases.value, mail: given.mail })
}

export function parseSigmakerKeys(
  lines: readonly string[],
): Outcome<readonly string[], readonly ApplicationFault[]> {
  const keys = lines.map(parseSshPublicKeyLine)
  const reason =
    keys.length === 0
      ? 'wants at least one ssh public key'
      : keys.length > KEYS_MAX
        ? `wants at most ${KEYS_MAX} keys`
        : keys.some((key) => key === undefined)
          ? 'wants ssh public keys, "ssh-ed25519 AAAA…"'
          : undefined
  if (reason !== undefined) return fail([{ field: 'key', reason }])
  return ok([...new Set(keys.filter((key) => key !== undefined))])
}

/** A key opens the door of one sigmaker. */
export function keyTwin(
  { name, keys }: Pick<SigmakerRecord, 'name' | 'keys'>,
  others: readonly SigmakerRecord[],
): string | undefined {
  return others.find((other) => other.name !== name && other.keys.some((key) => keys.includes(key)))
    ?.name
}

function databasesOf(given: readonly string[]): Outcome<'*' | readonly string[], string> {
  const names = [...new Set(given)]
  if (names.length === 1 && names[0] === '*') return ok('*')
  if (names.length === 0) return fail('wants at least one name, or "*" for all')
  if (names.length > DATABASES_MAX) return fail(`wants at most ${DATABASES_MAX} names`)
  const bad = names.find((name) => !parseDbName(name).ok)
  return bad === undefined ? ok(names) : fail(`has "${printable(bad)}", which is no database name`)
}
