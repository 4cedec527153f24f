import { type DbName, type DbVersion, dbVersion, parseDbName } from '#base/names.ts'

/** What a patch's file name says: which database it is for, and which version it leads to. */
export interface CdiffName {
  readonly database: DbName
  readonly version: DbVersion
}

/** `daily-27001.cdiff`; undefined for anything else. Version 0 has no version before it. */
export function parseCdiffName(file: string): CdiffName | undefined {
  const match = /^([A-Za-z0-9_]+)-([1-9]\d{0,9})\.cdiff$/.exec(file)
  const database = parseDbName(match?.[1] ?? '')
  const version = dbVersion(Number(match?.[2] ?? Number.NaN))
  if (!database.ok || version === undefined) return undefined
  return { database: database.value, version }
}

export function cdiffName({ database, version }: CdiffName): string {
  return `${database}-${version}.cdiff`
}
