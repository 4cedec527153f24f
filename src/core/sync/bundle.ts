/** What goes into a file that somebody carries to a mirror without a line. */
import type { DbName, DbVersion } from '#base/names.ts'
import { databasePath, headerPath, type Manifest } from '../release/index.ts'
import { databasesToLeaveOut, needOf, REBUILD_BYTES_MIN } from './rebuild.ts'

/** The one that was carried before, as far as it is known here. */
export interface EarlierBundle {
  readonly manifest: Manifest
  /** Of the databases whose headers are in it. */
  readonly versions: ReadonlyMap<DbName, DbVersion>
}

export interface BundlePlan {
  /** Paths of the manifest. */
  readonly take: readonly string[]
  /** They were carried before. */
  readonly unchanged: readonly string[]
  /** The mirror makes them of the version that it has and the patches that are taken. */
  readonly remade: readonly string[]
}

/** All of it, or what whoever has the earlier one lacks. `versions` are those of this tree's databases. */
export function planBundle(
  manifest: Manifest,
  versions: ReadonlyMap<DbName, DbVersion>,
  earlier: EarlierBundle | undefined,
): BundlePlan {
  const isThere = (path: string) =>
    earlier?.manifest.files.get(path)?.sha256 === manifest.files.get(path)?.sha256
  const paths = [...manifest.files.keys()]
  const remade = earlier === undefined ? [] : remadeOf(manifest, versions, earlier)
  return {
    take: paths.filter((path) => !isThere(path) && !remade.includes(path)),
    unchanged: paths.filter(isThere),
    remade,
  }
}

function remadeOf(
  manifest: Manifest,
  versions: ReadonlyMap<DbName, DbVersion>,
  earlier: EarlierBundle,
): readonly string[] {
  const names = databasesToLeaveOut({
    served: earlier.manifest.files,
    hidden: () => false,
    bytesMin: REBUILD_BYTES_MIN,
  })
  return names.flatMap((name) => {
    const path = databasePath(name)
    const [from, to] = [earlier.versions.get(name), versions.get(name)]
    const sha256 = earlier.manifest.files.get(path)?.sha256
    if (from === undefined || to === undefined || sha256 === undefined) return []
    if (!manifest.files.has(headerPath(name))) return []
    const known = { path, name, version: from, sha256 }
    const need = needOf({ name, manifest, sha256, known, header: { version: to } })
    return need.kind === 'rebuild' ? [path] : []
  })
}
