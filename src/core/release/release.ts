import type { DbName, DbVersion, Serial } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'

/**
 * One published state of databases, patches and signatures. It is immutable; the pointers beside it (`timestamp`,
 * pages, TUF) have a generation of their own (decision 2).
 */
export interface Release {
  readonly serial: Serial
  readonly publishedAt: EpochSeconds
  /** By path below the document root. */
  readonly files: ReadonlyMap<string, ReleaseFile>
}

interface ReleaseFileBase {
  readonly path: string
  readonly bytes: number
  /** Lower-case hexadecimal. */
  readonly sha256: string
  /** Modification time on the master: build time of a `.cvd`, else when this network published it (decision 16). */
  readonly datedAt: EpochSeconds
}

export type ReleaseFile = DatabaseFile | PatchFile | SetTextFile | PlainFile

export interface DatabaseFile extends ReleaseFileBase {
  readonly kind: 'database'
  readonly name: DbName
  readonly version: DbVersion
  readonly builtAt: EpochSeconds
}

export interface PatchFile extends ReleaseFileBase {
  readonly kind: 'patch'
  readonly name: DbName
  readonly version: DbVersion
}

/** `NAME.set` and `NAME.set.sig`: what signs the plain files of a set, so that others can check them too. */
export interface SetTextFile extends ReleaseFileBase {
  readonly kind: 'set'
  readonly name: DbName
  readonly version: DbVersion
}

/** A plain signature file or a `.cud`, of the set `name`. */
export interface PlainFile extends ReleaseFileBase {
  readonly kind: 'plain'
  readonly name: DbName
  readonly version: DbVersion
}

/** The published `.cvd` of that name. */
export function databaseOf(release: Release | undefined, name: DbName): DatabaseFile | undefined {
  const file = release?.files.get(`${name}.cvd`)
  return file?.kind === 'database' ? file : undefined
}

/** Version of the published plain set of that name. */
export function setVersionOf(release: Release | undefined, name: DbName): DbVersion | undefined {
  const file = release?.files.get(`${name}.set`)
  return file?.kind === 'set' ? file.version : undefined
}

/** Version of every published database and plain set, by its name. */
export function databaseVersions(release: Release | undefined): ReadonlyMap<DbName, DbVersion> {
  const versions = new Map<DbName, DbVersion>()
  for (const file of release?.files.values() ?? []) {
    if (file.kind === 'database' || file.kind === 'set') versions.set(file.name, file.version)
  }
  return versions
}
