import { type DbVersion, dbVersion } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type EpochSeconds, epochSeconds } from '#base/time.ts'

/**
 * The TXT record by which clients learn of a release (formats.md 5.3), eight fields in one character-string:
 *
 *     1.4.6:63:27100:1795488000:1:90:49192:339
 *     │     │  │     │          │ │  │     └ bytecode
 *     │     │  │     │          │ │  └ safebrowsing
 *     │     │  │     │          │ └ functionality level of the newest engine
 *     │     │  │     │          └ 0: never warn of an old version
 *     │     │  │     └ made at, Unix seconds
 *     │     main daily
 *     newest ClamAV version
 *
 * A database whose field is missing, 0 or no number is unknown here; clients then ask for `NAME.cvd.clamav.net`.
 */
export interface UpdateRecord {
  readonly newestClamav: string
  readonly main?: DbVersion
  readonly daily?: DbVersion
  readonly createdAt: EpochSeconds
  readonly versionWarning: number
  readonly level: number
  readonly safebrowsing?: DbVersion
  readonly bytecode?: DbVersion
  /** Fields that later versions may add. */
  readonly more?: readonly string[]
}

export type UpdateRecordFault =
  | { readonly kind: 'too-long'; readonly charsMax: number }
  | { readonly kind: 'bad-character' }
  /** Clients ignore a record without these. */
  | { readonly kind: 'bad-field'; readonly field: number }

/** Clients read the first character-string only (trap 13); its length is one byte (RFC 1035, 3.3). */
export const CHARACTER_STRING_MAX = 255
/** Clients calculate in 32 bits (trap 13). */
export const RECORD_TIME_MAX = 0x7fff_ffff
/** Older ones are ignored, and clients fall back to HTTP. */
export const RECORD_AGE_SECONDS_MAX = 43_200
const FIELD = {
  newestClamav: 0,
  main: 1,
  daily: 2,
  createdAt: 3,
  versionWarning: 4,
  level: 5,
  safebrowsing: 6,
  bytecode: 7,
} as const
const FIELDS = 8

export function parseUpdateRecord(text: string): Outcome<UpdateRecord, UpdateRecordFault> {
  if (text.length > CHARACTER_STRING_MAX) {
    return fail({ kind: 'too-long', charsMax: CHARACTER_STRING_MAX })
  }
  if (!isPrintable(text)) return fail({ kind: 'bad-character' })
  const fields = text.split(':')
  const newestClamav = fields[FIELD.newestClamav] ?? ''
  if (!isClamavVersion(newestClamav)) return badField('newestClamav')
  const createdAt = counter(fields[FIELD.createdAt])
  if (createdAt === undefined) return badField('createdAt')
  const versionWarning = counter(fields[FIELD.versionWarning])
  if (versionWarning === undefined) return badField('versionWarning')
  const more = fields.slice(FIELDS)
  return ok({
    newestClamav,
    ...optional('main', fields[FIELD.main]),
    ...optional('daily', fields[FIELD.daily]),
    createdAt: epochSeconds(createdAt),
    versionWarning,
    level: counter(fields[FIELD.level]) ?? 0,
    ...optional('safebrowsing', fields[FIELD.safebrowsing]),
    ...optional('bytecode', fields[FIELD.bytecode]),
    ...(more.length === 0 ? {} : { more }),
  })
}

export function printUpdateRecord(record: UpdateRecord): string {
  return [
    record.newestClamav,
    record.main ?? 0,
    record.daily ?? 0,
    record.createdAt,
    record.versionWarning,
    record.level,
    record.safebrowsing ?? 0,
    record.bytecode ?? 0,
    ...(record.more ?? []),
  ].join(':')
}

/** What clients make of its age; a time in the future passes. */
export function isRecordFresh(createdAt: EpochSeconds, now: EpochSeconds): boolean {
  return now - createdAt <= RECORD_AGE_SECONDS_MAX
}

/** The TXT record of `NAME.cvd`: `version:unixtime`. */
export interface DatabaseRecord {
  readonly version: DbVersion
  readonly createdAt: EpochSeconds
}

export function parseDatabaseRecord(text: string): Outcome<DatabaseRecord, UpdateRecordFault> {
  if (text.length > CHARACTER_STRING_MAX) {
    return fail({ kind: 'too-long', charsMax: CHARACTER_STRING_MAX })
  }
  if (!isPrintable(text)) return fail({ kind: 'bad-character' })
  const [first, second] = text.split(':')
  const version = known(first)
  if (version === undefined) return fail({ kind: 'bad-field', field: 0 })
  const createdAt = counter(second)
  if (createdAt === undefined) return fail({ kind: 'bad-field', field: 1 })
  return ok({ version, createdAt: epochSeconds(createdAt) })
}

export function printDatabaseRecord({ version, createdAt }: DatabaseRecord): string {
  return `${version}:${createdAt}`
}

export function describeUpdateRecordFault(fault: UpdateRecordFault): string {
  switch (fault.kind) {
    case 'too-long':
      return `more than ${fault.charsMax} characters`
    case 'bad-character':
      return 'a character outside printable ASCII'
    case 'bad-field':
      return `field ${fault.field} is missing or not what it should be`
  }
}

/** `1.4.6`: digits and dots. Settings are checked by this, too. */
export function isClamavVersion(text: string): boolean {
  return /^\d{1,6}(?:\.\d{1,6}){0,4}$/.test(text)
}

function badField(name: keyof typeof FIELD): Outcome<never, UpdateRecordFault> {
  return fail({ kind: 'bad-field', field: FIELD[name] })
}

function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

function counter(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:0|[1-9]\d{0,9})$/.test(text)) return undefined
  return Number(text) <= RECORD_TIME_MAX ? Number(text) : undefined
}

function known(text: string | undefined): DbVersion | undefined {
  const number = counter(text) ?? 0
  return number === 0 ? undefined : dbVersion(number)
}

function optional<Name extends string>(
  name: Name,
  text: string | undefined,
): { readonly [_ in Name]?: DbVersion } {
  const version = known(text)
  const field: { [_ in Name]?: DbVersion } = {}
  if (version !== undefined) field[name] = version
  return field
}
