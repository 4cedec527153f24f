import type { DbName, DbVersion, Generation, Serial } from '#base/names.ts'

/** What every mirror shall serve after a push. */
export interface Wanted {
  readonly serial: Serial
  readonly generation: Generation
  readonly databases: ReadonlyMap<DbName, DbVersion>
}

/** What a look at the mirror showed (see the port `Probe`). */
export interface Seen {
  readonly serial: Serial
  readonly generation: Generation
  readonly versions: ReadonlyMap<DbName, DbVersion | undefined>
}

export type Shortfall =
  | { readonly kind: 'behind'; readonly bySerials: number }
  | { readonly kind: 'old-pointers'; readonly generation: number }
  | {
      readonly kind: 'old-database'
      readonly name: DbName
      readonly version: number | undefined
      readonly wanted: number
    }

/**
 * What a mirror still lacks; undefined when it serves what is wanted or more. The mark and the content are both
 * looked at: a fresh `timestamp` beside an old database is a fault (field-notes 1.2).
 */
export function shortfall(seen: Seen, wanted: Wanted): Shortfall | undefined {
  if (seen.serial < wanted.serial) {
    return { kind: 'behind', bySerials: wanted.serial - seen.serial }
  }
  if (seen.generation < wanted.generation) {
    return { kind: 'old-pointers', generation: seen.generation }
  }
  for (const [name, version] of wanted.databases) {
    const there = seen.versions.get(name)
    if (there === undefined || there < version) {
      return { kind: 'old-database', name, version: there, wanted: version }
    }
  }
  return undefined
}

export function describeShortfall(lack: Shortfall): string {
  switch (lack.kind) {
    case 'behind':
      return `it is ${lack.bySerials} release(s) behind`
    case 'old-pointers':
      return `its timestamp is still of generation ${lack.generation}`
    case 'old-database':
      return lack.version === undefined
        ? `its ${lack.name}.cvd cannot be read`
        : `its ${lack.name}.cvd is version ${lack.version}, not ${lack.wanted}`
    default:
      return lack satisfies never
  }
}
