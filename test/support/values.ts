import {
  type DbName,
  type DbVersion,
  dbVersion,
  type Generation,
  generation,
  parseDbName,
  type Serial,
  serial,
} from '#base/names.ts'

/** Branded values for tests: they throw where a parser would return undefined. */
export function aSerial(value: number): Serial {
  return sure(serial(value))
}

export function aGeneration(value: number): Generation {
  return sure(generation(value))
}

export function aVersion(value: number): DbVersion {
  return sure(dbVersion(value))
}

export function aName(text: string): DbName {
  const parsed = parseDbName(text)
  if (!parsed.ok) throw new Error(`Cannot use "${text}" as a database name`)
  return parsed.value
}

function sure<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('Cannot use this value in a test')
  return value
}
