import type { DbName, DbVersion } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { EpochSeconds } from '#base/time.ts'
import {
  describeUpdateRecordFault,
  isRecordFresh,
  parseDatabaseRecord,
  parseUpdateRecord,
  type UpdateRecord,
} from '#formats/update-record/index.ts'

/** A TXT record that may be believed now, or why not, in words. */
export function readUpdateRecord(text: string, now: EpochSeconds): Outcome<UpdateRecord, string> {
  const record = parseUpdateRecord(text)
  if (!record.ok) return fail(describeUpdateRecordFault(record.fault))
  if (!isRecordFresh(record.value.createdAt, now)) return fail('it is older than twelve hours')
  return record
}

/** Undefined: the record does not say, and one asks for the database's own. */
export function versionIn(record: UpdateRecord, name: DbName): DbVersion | undefined {
  const versions: Readonly<Record<string, DbVersion | undefined>> = {
    main: record.main,
    daily: record.daily,
    bytecode: record.bytecode,
    safebrowsing: record.safebrowsing,
  }
  return versions[name]
}

/** `version:time` of `NAME.cvd.<zone>`. */
export function versionOfRecord(text: string, now: EpochSeconds): Outcome<DbVersion, string> {
  const record = parseDatabaseRecord(text)
  if (!record.ok) return fail(describeUpdateRecordFault(record.fault))
  if (!isRecordFresh(record.value.createdAt, now)) return fail('it is older than twelve hours')
  return ok(record.value.version)
}
