/**
 * Which databases a mirror makes again out of what it has, instead of fetching them whole.
 *
 * A first pull leaves out every database that may be made again; patches, headers and the manifest come with it. Then
 * it is known what each of them needs: nothing, since it is the same; a rebuild; or, where that cannot be, a second pull.
 */
import { type DbName, type DbVersion, dbVersion, parseDbName } from '#base/names.ts'
import { unreachable } from '#base/outcome.ts'
import { cdiffName, parseCdiffName } from '#formats/cdiff/index.ts'
import type { Manifest } from '../release/manifest.ts'
import { databasePath, headerPath } from '../release/release.ts'
import type { Hidden } from './exclude.ts'
import type { KnownDatabase } from './versions.ts'

/** Guess: below it one more connection weighs as much as the file, and a rebuild takes longer than either. */
export const REBUILD_BYTES_MIN = 256 * 1024
/**
 * Guess: from here on one more connection is nothing beside the file, so a rebuild is also reckoned with where no patch
 * of that database was seen yet.
 */
const UNPATCHED_BYTES_MIN = 8 * 1024 * 1024

export interface LeaveOutInput {
  /** The tree that is served: path → its length, which is the best guess at the new one's. */
  readonly served: ReadonlyMap<string, { readonly bytes: number }>
  readonly hidden: Hidden
  readonly bytesMin: number
}

/**
 * What the first pull leaves out. Nothing in a network without patches or with small databases only: then everything
 * comes with one pull.
 */
export function databasesToLeaveOut({
  served,
  hidden,
  bytesMin,
}: LeaveOutInput): readonly DbName[] {
  const patched = new Set([...served.keys()].map((path) => parseCdiffName(path)?.database))
  return [...served].flatMap(([path, { bytes }]) => {
    const name = parseDbName(path.endsWith('.cvd') ? path.slice(0, -'.cvd'.length) : '')
    if (!name.ok || bytes < bytesMin || hidden(path) || hidden(headerPath(name.value))) return []
    return patched.has(name.value) || bytes >= UNPATCHED_BYTES_MIN ? [name.value] : []
  })
}

export type NotRebuilt =
  | { readonly kind: 'no-header' }
  | { readonly kind: 'header-not-read'; readonly reason: string }
  | { readonly kind: 'old-not-known' }
  | { readonly kind: 'not-newer'; readonly from: DbVersion; readonly to: DbVersion }
  | { readonly kind: 'patch-not-there'; readonly file: string }
  | { readonly kind: 'patch-empty'; readonly file: string }
  | { readonly kind: 'failed'; readonly reason: string }

/** What a database that was left out needs, once the manifest is known. */
export type Need =
  /** The network has it no more. */
  | { readonly kind: 'nothing' }
  /** The one that is served is the one that is listed. */
  | { readonly kind: 'same' }
  | { readonly kind: 'rebuild'; readonly from: DbVersion; readonly patches: readonly string[] }
  | { readonly kind: 'fetch'; readonly why: NotRebuilt }

export interface NeedInput {
  readonly name: DbName
  readonly manifest: Manifest
  /** The served file's SHA-256. */
  readonly sha256: string
  /** What is known of that path here; another version than the served one helps nobody. */
  readonly known: KnownDatabase | undefined
  /** What the new header says, where it came. */
  readonly header: { readonly version: DbVersion } | NotRebuilt
}

export function needOf({ name, manifest, sha256, known, header }: NeedInput): Need {
  const listed = manifest.files.get(databasePath(name))
  if (listed === undefined) return { kind: 'nothing' }
  if (listed.sha256 === sha256) return { kind: 'same' }
  if (!('version' in header)) return { kind: 'fetch', why: header }
  if (known?.sha256 !== sha256) return { kind: 'fetch', why: { kind: 'old-not-known' } }
  const [from, to] = [known.version, header.version]
  if (to <= from) return { kind: 'fetch', why: { kind: 'not-newer', from, to } }
  const patches: string[] = []
  // A header of a version that is far away ends at the first patch that is not listed.
  for (let version = dbVersion(from + 1); version !== undefined && version <= to; ) {
    const file = cdiffName({ database: name, version })
    const patch = manifest.files.get(file)
    if (patch === undefined) return { kind: 'fetch', why: { kind: 'patch-not-there', file } }
    if (patch.bytes === 0) return { kind: 'fetch', why: { kind: 'patch-empty', file } }
    patches.push(file)
    version = dbVersion(version + 1)
  }
  return { kind: 'rebuild', from, patches }
}

/** How it ended with a database that is new and was left out at first. */
export interface RebuildEnd {
  readonly path: string
  /** Of the new database. */
  readonly bytes: number
  readonly end:
    | { readonly kind: 'rebuilt'; readonly from: DbVersion; readonly patches: number }
    | { readonly kind: 'fetched'; readonly why: NotRebuilt }
}

export function describeRebuildEnd({ path, bytes, end }: RebuildEnd): string {
  if (end.kind === 'fetched') return `${path} came whole: ${describeNotRebuilt(end.why)}`
  const patches = end.patches === 1 ? 'a patch' : `${end.patches} patches`
  return `${path} was made of version ${end.from} and ${patches}; its ${bytes} bytes did not travel`
}

export function describeNotRebuilt(why: NotRebuilt): string {
  switch (why.kind) {
    case 'no-header':
      return 'the release has no header for it'
    case 'header-not-read':
      return `its header cannot be used: ${why.reason}`
    case 'old-not-known':
      return 'the version here is not known'
    case 'not-newer':
      return `version ${why.to} is offered, and version ${why.from} is here`
    case 'patch-not-there':
      return `the release has no ${why.file}`
    case 'patch-empty':
      return `${why.file} is empty, which says that it is to be taken whole`
    case 'failed':
      return why.reason
    default:
      return unreachable(why)
  }
}
