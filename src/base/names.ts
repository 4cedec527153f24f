import type { Brand } from './brand.ts'
import { fail, type Outcome, ok } from './outcome.ts'

/** Short name of a database: `main`, `daily`, `bytecode`. Never with `-`, which would break `.sign` names (formats.md 3.2). */
export type DbName = Brand<string, 'DbName'>
/** The integer in a database's header. It grows by one with each published build. */
export type DbVersion = Brand<number, 'DbVersion'>
/** Number of a release. It only grows. */
export type Serial = Brand<number, 'Serial'>
/** Number of a state of the pointers (`timestamp`, pages, TUF). It only grows, faster than the serial. */
export type Generation = Brand<number, 'Generation'>

export type NameFault = { readonly kind: 'bad-database-name'; readonly given: string }

/** As long as any real one, and short enough for `NAME-VERSION.cvd.sign` in a tar header. */
const DB_NAME_CHARS_MAX = 32
const DB_NAME = /^[A-Za-z0-9_][A-Za-z0-9_]*$/

export function parseDbName(text: string): Outcome<DbName, NameFault> {
  if (text.length > DB_NAME_CHARS_MAX || !DB_NAME.test(text) || text.startsWith('local_')) {
    return fail({ kind: 'bad-database-name', given: text.slice(0, DB_NAME_CHARS_MAX * 2) })
  }
  return ok(text as DbName)
}

/** Undefined for anything but a whole number from 0 to 2^31 - 1: clients keep versions in an `int`. */
export function dbVersion(value: number): DbVersion | undefined {
  return isCounter(value) ? (value as DbVersion) : undefined
}

export function serial(value: number): Serial | undefined {
  return isCounter(value) ? (value as Serial) : undefined
}

export function generation(value: number): Generation | undefined {
  return isCounter(value) ? (value as Generation) : undefined
}

function isCounter(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0x7fff_ffff
}

/** What a mirror, master, sigmaker, account or module goes by; never with a dash in front, which would be an option. */
export function isPlainName(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$/.test(text)
}
