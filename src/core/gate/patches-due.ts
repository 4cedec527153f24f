import type { DbName, DbVersion } from '#base/names.ts'
import { cdiffName } from '#formats/cdiff/index.ts'
import { databaseOf, type Release } from '../release/release.ts'
import type { SetFacts } from './facts.ts'

/** A patch that a master could make for a set that brings none. */
export interface PatchDue {
  /** `NAME-VERSION.cdiff`. */
  readonly file: string
  readonly name: DbName
  readonly version: DbVersion
  readonly publisher: string
  /** `too-far`: versions between were never published here, so no patch can be said. */
  readonly can: { readonly kind: 'make' } | { readonly kind: 'too-far'; readonly from: DbVersion }
}

/**
 * Patches that a master makes because it holds the secrets of a database's publisher (`holds`). They lead from the
 * published version to the next one, which is all that a patch can do.
 */
export function patchesDue(
  facts: SetFacts,
  published: Release | undefined,
  holds: ReadonlySet<string>,
): readonly PatchDue[] {
  return facts.databases.flatMap(({ name, header, signedBy, faults }): PatchDue[] => {
    const from = databaseOf(published, name)?.version
    const version = header?.version
    if (from === undefined || version === undefined || version <= from) return []
    if (faults.length > 0 || signedBy === undefined || !holds.has(signedBy)) return []
    if (facts.patches.some((patch) => patch.name === name)) return []
    const file = cdiffName({ database: name, version })
    const can =
      version === from + 1 ? ({ kind: 'make' } as const) : ({ kind: 'too-far', from } as const)
    return [{ file, name, version, publisher: signedBy, can }]
  })
}
