/** A version never goes down, and one version has one content (promise 2). */
import type { DbName, DbVersion } from '#base/names.ts'

/** What a mirror remembers of a database, also after the network has taken it back. */
export interface KnownDatabase {
  readonly path: string
  readonly name: DbName
  readonly version: DbVersion
  /** Lower-case hexadecimal, of the whole file. */
  readonly sha256: string
}

export type VersionFault =
  | {
      readonly kind: 'version-went-down'
      readonly path: string
      readonly from: DbVersion
      readonly to: DbVersion
    }
  | {
      readonly kind: 'same-version-other-bytes'
      readonly path: string
      readonly version: DbVersion
    }

/** Compares each database on offer with the newest one of that path that was ever published here. */
export function compareVersions(
  known: ReadonlyMap<string, KnownDatabase>,
  offered: readonly KnownDatabase[],
): readonly VersionFault[] {
  const faults: VersionFault[] = []
  for (const { path, version, sha256 } of offered) {
    const before = known.get(path)
    if (before === undefined) continue
    if (version < before.version) {
      faults.push({ kind: 'version-went-down', path, from: before.version, to: version })
    } else if (version === before.version && sha256 !== before.sha256) {
      faults.push({ kind: 'same-version-other-bytes', path, version })
    }
  }
  return faults
}

/** What is known after `offered` has been published. A database that is gone stays known. */
export function learn(
  known: ReadonlyMap<string, KnownDatabase>,
  offered: readonly KnownDatabase[],
): ReadonlyMap<string, KnownDatabase> {
  return new Map([...known, ...offered.map((each) => [each.path, each] as const)])
}
