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

export type ReleaseFile =
  | DatabaseFile
  | PatchFile
  | HeaderFile
  | SignatureFile
  | SetTextFile
  | PlainFile
  | LegacyFile

export interface DatabaseFile extends ReleaseFileBase {
  readonly kind: 'database'
  readonly name: DbName
  readonly version: DbVersion
  readonly builtAt: EpochSeconds
  /** Of its first 512 bytes; absent in what was published before headers were. */
  readonly headerSha256?: string
}

export interface PatchFile extends ReleaseFileBase {
  readonly kind: 'patch'
  readonly name: DbName
  readonly version: DbVersion
}

/** `NAME-VERSION.cvd.sign` or `NAME-VERSION.cdiff.sign`, for engines from 1.5 on (formats.md 3.2). */
export interface SignatureFile extends ReleaseFileBase {
  readonly kind: 'signature'
  readonly name: DbName
  readonly version: DbVersion
}

/**
 * `NAME.cvd.header`: the first 512 bytes of `NAME.cvd`. Who has the version before and the patch makes the file again out
 * of it, and need not fetch it.
 */
export interface HeaderFile extends ReleaseFileBase {
  readonly kind: 'header'
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

/** What clients of 2003 fetch, made here out of version `version` of `name` (R98, R99). */
export interface LegacyFile extends ReleaseFileBase {
  readonly kind: 'legacy'
  readonly name: DbName
  readonly version: DbVersion
}

/** Path of the published `.cvd` of that name. */
export function databasePath(name: DbName): string {
  return `${name}.cvd`
}

export const HEADER_SUFFIX = '.cvd.header'

/** Path of its header. */
export function headerPath(name: DbName): string {
  return `${name}${HEADER_SUFFIX}`
}

/** The published `.cvd` of that name. */
export function databaseOf(
  release: Pick<Release, 'files'> | undefined,
  name: DbName,
): DatabaseFile | undefined {
  const file = release?.files.get(databasePath(name))
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
