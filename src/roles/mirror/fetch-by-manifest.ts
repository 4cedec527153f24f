/**
 * A tree from a source that gives file by file: the signed manifest first, then what of it is neither here nor can be
 * made here. Nothing is fetched that the manifest does not list, nor more of it than it says.
 */
import { lstat, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pMap from 'p-map'
import {
  diskError,
  linkOrCopy,
  listFiles,
  sha256File,
  writeFileAtomic,
} from '#adapters/disk/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { epochMs, toSeconds } from '#base/time.ts'
import { databasePath, type Manifest, type ManifestFile } from '#core/release/index.ts'
import {
  compareNames,
  databasesToLeaveOut,
  isTrustFile,
  mayBeMixed,
  type RebuildEnd,
  type SyncReason,
} from '#core/sync/index.ts'
import type { TrustedRoot } from '#ports/manifest-signer.ts'
import type { Fetched, Local } from './fetch.ts'
import { complete } from './rebuild.ts'
import type { SyncRun, SyncWorld } from './sync-world.ts'
import { isSameFile, type ServedTree } from './tree-record.ts'
import { verifyStaged } from './verify-staged.ts'

type Reasons = readonly SyncReason[]

/** A network's tree, file by file. What it gives is believed as far as hashes and signatures hold. */
export interface TreeSource {
  /** It may have changed between two questions. */
  readonly isLive: boolean
  /** Puts the newest signed metadata that it has into `tuf/` of a folder; `same`: it has what is served here. */
  metadata(into: string): Promise<Outcome<'brought' | 'same', Reasons>>
  /** A listed file, whole, to `into`. Fails when nobody has it as it is listed. */
  bring(file: ManifestFile, into: string): Promise<Outcome<void, Reasons>>
  /** Forgets what has come so far of other files than these. */
  keep(hashes: ReadonlySet<string>): Promise<void>
}

/** A mirror that we read from switches its tree in one step; by then a second look sees one of the two. */
const SECOND_LOOK_AFTER_MS = 500
/** Of small files most of the time is waiting; more at once would look like an attack to whoever serves them. */
const FILES_AT_A_TIME = 4

export async function fetchByManifest(
  source: TreeSource,
  world: SyncWorld,
  run: SyncRun,
  local: Local,
): Promise<Outcome<Fetched, Reasons>> {
  try {
    const first = await fetchOnce(source, world, run, local)
    if (first.ok || !source.isLive || !mayBeMixed(first.fault)) return first
    run.print('what came does not fit together; looking once more')
    await setTimeout(SECOND_LOOK_AFTER_MS, undefined, { signal: run.signal })
    return await fetchOnce(source, world, run, local)
  } catch (error) {
    // What came so far helps the next run, but not on a disk that everybody else needs too.
    if (diskError('fetch', error).code === 'disk-full') {
      await local.trees.dropIncoming()
      await source.keep(new Set())
    }
    throw error
  }
}

async function fetchOnce(
  source: TreeSource,
  world: SyncWorld,
  run: SyncRun,
  { trees, served }: Local,
): Promise<Outcome<Fetched, Reasons>> {
  const { settings, manifests, onStep } = world
  const { hidden } = settings
  const { incoming } = trees
  const looked = await source.metadata(incoming)
  if (!looked.ok) return looked
  if (looked.value === 'same') return ok({ staged: undefined, rebuilds: [] })
  onStep?.('manifest')
  const verified = await manifests.verify(incoming, run.signal)
  if (!verified.ok) return fail([verified.fault])
  const { manifest, root } = verified.value
  await putRoot(incoming, root)
  const faults = compareNames(manifest, sizesOf(manifest), hidden)
  if (faults.length > 0) return fail(faults)
  const site = { source, world, run, incoming, manifest, served }
  await dropUnlisted(site)
  const names =
    served === undefined
      ? []
      : databasesToLeaveOut({
          served: served.record.files,
          hidden,
          bytesMin: world.rebuildBytesMin,
        })
  const brought = await bringAll(site, new Set(names.map(databasePath)))
  if (!brought.ok) return brought
  let rebuilds: readonly RebuildEnd[] = []
  if (served !== undefined && names.length > 0) {
    rebuilds = (await complete(names, { incoming, served }, world, run)).rebuilds
    const whole = await bringAll(site, new Set())
    if (!whole.ok) return whole
  }
  onStep?.('pulled')
  const { verifiers } = settings
  const current = served?.record
  const verdict = await verifyStaged(incoming, {
    ...{ manifests, verifiers, hidden, current },
    signal: run.signal,
  })
  if (!verdict.ok) return verdict
  onStep?.('verified')
  await source.keep(new Set())
  return ok({ staged: verdict.value, rebuilds })
}

interface Site extends Pick<Local, 'served'> {
  readonly source: TreeSource
  readonly world: SyncWorld
  readonly run: SyncRun
  readonly incoming: string
  readonly manifest: Manifest
}

/** For mirrors and clients that read from us; what a source shows under these names is not asked for. */
async function putRoot(incoming: string, { version, text }: TrustedRoot): Promise<void> {
  for (const name of ['root.json', `${version}.root.json`]) {
    await writeFileAtomic(join(incoming, 'tuf', name), text)
  }
}

function sizesOf({ files }: Manifest): ReadonlyMap<string, number> {
  return new Map([...files.values()].map(({ path, bytes }) => [path, bytes]))
}

/** What an earlier run left and this manifest does not list as it is. */
async function dropUnlisted({ incoming, manifest, run }: Site): Promise<void> {
  const { files, others, folders } = await listFiles(incoming, run.signal)
  const inTheWay = [...others, ...folders.filter((path) => manifest.files.has(path))]
  for (const path of inTheWay) await rm(join(incoming, path), { recursive: true, force: true })
  for (const [path, { bytes }] of files) {
    if (isTrustFile(path)) continue
    const listed = manifest.files.get(path)
    const place = join(incoming, path)
    const isListed =
      listed?.bytes === bytes && (await sha256File(place, run.signal)) === listed.sha256
    if (!isListed) await rm(place, { force: true })
  }
}

/** Every listed file that is not staged yet, but for those that are left out. */
async function bringAll(site: Site, leftOut: ReadonlySet<string>): Promise<Outcome<void, Reasons>> {
  const { manifest, incoming, world, run } = site
  const { files } = await listFiles(incoming, run.signal)
  const missing = [...manifest.files.values()].filter(
    ({ path }) => !files.has(path) && !leftOut.has(path) && !world.settings.hidden(path),
  )
  await site.source.keep(new Set(missing.map(({ sha256 }) => sha256)))
  // Those under way come to their end when one fails: nothing may be written here after the sync is over.
  const ends: (Outcome<void, Reasons> | { readonly error: unknown })[] = []
  const isGoingOn = () => ends.every((end) => 'ok' in end && end.ok)
  const bring = async (file: ManifestFile) => {
    if (!isGoingOn()) return
    ends.push(await bringOne(file, site).catch((error: unknown) => ({ error })))
  }
  await pMap(missing, bring, { concurrency: FILES_AT_A_TIME })
  for (const end of ends) if ('error' in end) throw end.error
  const reasons = ends.flatMap((end) => ('ok' in end && !end.ok ? end.fault : []))
  return reasons.length > 0 ? fail(reasons) : ok(undefined)
}

/** False when what is served is another one, or is not any more what it was. */
async function linkServed(
  { path, sha256 }: ManifestFile,
  { folder, record }: ServedTree,
  into: string,
  signal: AbortSignal,
): Promise<boolean> {
  const recorded = record.files.get(path)
  if (recorded?.sha256 !== sha256) return false
  const place = join(folder, path)
  const found = await lstat(place).catch(() => undefined)
  if (found?.isFile() !== true) return false
  const { size: bytes, ino: inode, mtimeMs } = found
  const isKnown = isSameFile(recorded, { bytes, inode, mtimeMs })
  if (!isKnown && (await sha256File(place, signal)) !== sha256) return false
  await linkOrCopy(place, into, toSeconds(epochMs(mtimeMs)))
  return true
}

async function bringOne(
  file: ManifestFile,
  { source, incoming, served, world, run }: Site,
): Promise<Outcome<void, Reasons>> {
  const into = join(incoming, file.path)
  await mkdir(dirname(into), { recursive: true, mode: 0o755 })
  if (served !== undefined && (await linkServed(file, served, into, run.signal)))
    return ok(undefined)
  const outcome = await source.bring(file, into)
  if (outcome.ok) {
    run.print(`  ${file.path}`)
    world.onStep?.(`brought:${file.path}`)
  }
  return outcome
}
