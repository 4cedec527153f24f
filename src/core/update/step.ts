/** What a client does about one database. */
import { type DbVersion, dbVersion } from '#base/names.ts'

/** Beyond so many the whole file costs less than asking; publishers keep some ninety. */
const PATCHES_MAX = 100

export type Step =
  | { readonly kind: 'nothing' }
  /** The servers are behind what is here: nothing is ever taken back (R105). */
  | { readonly kind: 'ahead' }
  /** One patch for each version, from the one after ours to the newest. */
  | { readonly kind: 'patches'; readonly versions: readonly DbVersion[] }
  | { readonly kind: 'whole' }

export interface Known {
  /** Undefined: there is none here, or none that verifies. */
  readonly local: DbVersion | undefined
  readonly newest: DbVersion
  /** The configuration allows them. */
  readonly patches: boolean
}

export function nextStep({ local, newest, patches }: Known): Step {
  if (local === undefined) return { kind: 'whole' }
  if (local === newest) return { kind: 'nothing' }
  if (local > newest) return { kind: 'ahead' }
  if (!patches || newest - local > PATCHES_MAX) return { kind: 'whole' }
  const versions = Array.from({ length: newest - local }, (_, n) => dbVersion(local + 1 + n))
  return { kind: 'patches', versions: versions.filter((version) => version !== undefined) }
}
