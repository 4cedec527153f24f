/**
 * Databases that were left out of a pull, made of what is here: the served version, and the patches and the header that
 * came. One after the other, each in a thread and beside the staging folder, into which only the listed bytes get.
 *
 * Nothing is believed for it that the staged tree's own verification would not find out afterwards. What goes wrong here
 * costs time, and then the file is fetched whole.
 */
import { lstat, mkdir, rename, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { linkOrCopy, readStart, sha256File } from '#adapters/disk/index.ts'
import { describeRebuildFault, rebuildInWorker } from '#adapters/rebuild/index.ts'
import type { DbName } from '#base/names.ts'
import { epochMs, toSeconds } from '#base/time.ts'
import { databasePath, headerPath, type Manifest, type ManifestFile } from '#core/release/index.ts'
import { type Need, type NotRebuilt, needOf, type RebuildEnd } from '#core/sync/index.ts'
import { type CvdHeader, describeCvdFault, HEADER_BYTES, parseHeader } from '#formats/cvd/index.ts'
import type { SyncRun, SyncWorld } from './sync-world.ts'
import type { ServedTree } from './tree-record.ts'

/** Half of what a master waits for a sync unless told, so that there is time left to fetch it. 64 MiB take 20 s. */
const REBUILD_MS_MAX = 10 * 60_000

export interface Completion {
  /** Of the databases that are new. */
  readonly rebuilds: readonly RebuildEnd[]
  /** Something has to be fetched. */
  readonly missing: boolean
}

interface Staging {
  /** The staging folder. */
  readonly incoming: string
  readonly served: ServedTree
}

export async function complete(
  names: readonly DbName[],
  staging: Staging,
  world: SyncWorld,
  run: SyncRun,
): Promise<Completion> {
  const verified = await world.manifests.verify(staging.incoming, run.signal)
  // The verification of the whole finds the same, and pulls everything once more.
  if (!verified.ok) return { rebuilds: [], missing: false }
  const site = { ...staging, manifest: verified.value.manifest, world, run }
  const rebuilds: RebuildEnd[] = []
  for (const name of names) {
    const end = await completeOne(name, site)
    if (end !== undefined) rebuilds.push(end)
  }
  return { rebuilds, missing: rebuilds.some(({ end }) => end.kind === 'fetched') }
}

interface Site extends Staging {
  readonly manifest: Manifest
  readonly world: SyncWorld
  readonly run: SyncRun
}

async function completeOne(name: DbName, site: Site): Promise<RebuildEnd | undefined> {
  const { manifest, incoming, served, world, run } = site
  const path = databasePath(name)
  const listed = manifest.files.get(path)
  // A run that was stopped may have left it; and an older one is nothing to verify.
  if (await isListed(listed, incoming, run.signal)) return undefined
  await rm(join(incoming, path), { recursive: true, force: true })
  const recorded = served.record.files.get(path)
  if (listed === undefined || recorded === undefined) return undefined
  const header = await readHeader(name, site)
  const known = served.record.known.get(path)
  const need = needOf({ name, manifest, sha256: recorded.sha256, known, header })
  switch (need.kind) {
    case 'nothing':
      return undefined
    case 'same':
      await linkOrCopy(
        join(served.folder, path),
        join(incoming, path),
        toSeconds(epochMs(recorded.mtimeMs)),
      )
      world.onStep?.(`linked:${path}`)
      return undefined
    case 'fetch':
      return { path, bytes: listed.bytes, end: { kind: 'fetched', why: need.why } }
    case 'rebuild':
      return { path, bytes: listed.bytes, end: await rebuild(name, need, site) }
  }
}

/** Throws only when the sync itself is stopped. */
async function rebuild(
  name: DbName,
  need: Extract<Need, { kind: 'rebuild' }>,
  site: Site,
): Promise<RebuildEnd['end']> {
  const { world, run } = site
  const { from, patches } = need
  const scratch = rebuildFolder(world.settings.state)
  try {
    await mkdir(scratch, { mode: 0o700 })
    const why = await rebuildInto(scratch, name, need, site)
    if (why !== undefined) return { kind: 'fetched', why }
    return { kind: 'rebuilt', from, patches: patches.length }
  } catch (error) {
    run.signal.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    return { kind: 'fetched', why: { kind: 'failed', reason } }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Where it is made: outside of the staging folder, for what is there becomes public when it verifies. */
export function rebuildFolder(state: string): string {
  return join(state, 'rebuild')
}

async function rebuildInto(
  scratch: string,
  name: DbName,
  { from, patches }: Extract<Need, { kind: 'rebuild' }>,
  { manifest, incoming, served, world, run }: Site,
): Promise<NotRebuilt | undefined> {
  const path = databasePath(name)
  // What the network's manifest does not vouch for is not even read.
  for (const patch of patches) {
    if (!(await isListed(manifest.files.get(patch), incoming, run.signal))) {
      return { kind: 'patch-not-there', file: patch }
    }
  }
  run.print(`  ${path}: making it of version ${from} and ${patches.join(', ')}`)
  const into = join(scratch, path)
  const made = await rebuildInWorker({
    old: join(served.folder, path),
    patches: patches.map((patch) => join(incoming, patch)),
    header: await readStart(join(incoming, headerPath(name)), HEADER_BYTES),
    into,
    publishers: world.settings.publishers,
    signal: AbortSignal.any([run.signal, AbortSignal.timeout(REBUILD_MS_MAX)]),
  })
  if (!made.ok) return { kind: 'failed', reason: describeRebuildFault(made.fault) }
  world.onStep?.(`rebuilt:${path}`)
  if (made.value.sha256 !== manifest.files.get(path)?.sha256) {
    return { kind: 'failed', reason: 'what came out is not what the manifest lists' }
  }
  // As on the master (decision 16), so that rsync finds nothing to send.
  const { builtAt } = made.value.header
  await utimes(into, builtAt, builtAt)
  await rename(into, join(incoming, path))
  world.onStep?.(`staged:${path}`)
  return undefined
}

async function readHeader(
  name: DbName,
  { manifest, incoming, run }: Site,
): Promise<CvdHeader | NotRebuilt> {
  const path = headerPath(name)
  if (!(await isListed(manifest.files.get(path), incoming, run.signal))) {
    return { kind: 'no-header' }
  }
  const header = parseHeader(await readStart(join(incoming, path), HEADER_BYTES), 'strict')
  if (header.ok) return header.value
  return { kind: 'header-not-read', reason: describeCvdFault(header.fault) }
}

/** The staged file is the one that the manifest lists. */
async function isListed(
  listed: ManifestFile | undefined,
  incoming: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (listed === undefined) return false
  const place = join(incoming, listed.path)
  const found = await lstat(place).catch(() => undefined)
  if (found === undefined || !found.isFile() || found.size !== listed.bytes) return false
  return (await sha256File(place, signal)) === listed.sha256
}
