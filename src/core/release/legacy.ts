import { parseDbName } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'
import { LEGACY_FILES } from '#formats/legacy-db/index.ts'
import {
  type DatabaseFile,
  databaseOf,
  type LegacyFile,
  type Release,
  type ReleaseFile,
} from './release.ts'

export type LegacySide = keyof typeof LEGACY_FILES

/** Clients of 2003 ask below `database/`; the how-to of 2004 has them at the root as well (formats.md 6.1, 6.8). */
const LEGACY_FOLDERS = ['', 'database/'] as const

const SIDES = ['main', 'daily'] as const satisfies readonly LegacySide[]

/**
 * The databases whose legacy files are to be made with this change (R98, R99): those of which the published legacy
 * files are not the version that will be public. None unless both main and daily will be, since a client of 2003 wants
 * both, and none unless one of the two comes, so that what cannot be made is tried again with them only.
 */
export function legacyDue(
  current: Release | undefined,
  incoming: readonly ReleaseFile[],
): ReadonlyMap<LegacySide, DatabaseFile> {
  const due = new Map<LegacySide, DatabaseFile>()
  const next = { files: new Map([...(current?.files ?? []), ...incoming.map(byPath)]) }
  const [main, daily] = SIDES.map((side) => databaseNamed(next, side))
  if (main === undefined || daily === undefined) return due
  if (!incoming.some(({ path }) => path === main.path || path === daily.path)) return due
  for (const [side, database] of [
    ['main', main],
    ['daily', daily],
  ] as const) {
    const there = current?.files.get(LEGACY_FILES[side].database)
    if (there?.version !== database.version) due.set(side, database)
  }
  return due
}

/** A file on disk, called as it will be. */
export interface WrittenLegacyFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/** One written file as files of the release, at both places. Content that stays keeps its date. */
export function legacyFiles(
  written: WrittenLegacyFile,
  database: DatabaseFile,
  {
    current,
    publishedAt,
  }: { readonly current: Release | undefined; readonly publishedAt: EpochSeconds },
): readonly LegacyFile[] {
  const { bytes, sha256 } = written
  const file = written.path.slice(written.path.lastIndexOf('/') + 1)
  return LEGACY_FOLDERS.map((folder): LegacyFile => {
    const path = `${folder}${file}`
    const there = current?.files.get(path)
    const datedAt = there?.sha256 === sha256 ? there.datedAt : publishedAt
    return {
      kind: 'legacy',
      path,
      bytes,
      sha256,
      name: database.name,
      version: database.version,
      datedAt,
    }
  })
}

function databaseNamed(release: Pick<Release, 'files'>, text: string): DatabaseFile | undefined {
  const name = parseDbName(text)
  return name.ok ? databaseOf(release, name.value) : undefined
}

function byPath(file: ReleaseFile): readonly [string, ReleaseFile] {
  return [file.path, file]
}
