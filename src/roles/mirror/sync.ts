/**
 * One sync from one source, by the holder of the lock:
 *
 *     fetch into STATE/incoming → verify all of it → STATE/trees/N → switch STATE/current → accept the manifest
 *     → publish into TO → delete in TO
 *
 * A refusal leaves everything that is public as it is. Throws when the world fails; the next run puts it right,
 * wherever this one stopped.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MirrorTrees } from '#adapters/disk/index.ts'
import type { Generation, Serial } from '#base/names.ts'
import { type Outcome, ok } from '#base/outcome.ts'
import { epochMs, toSeconds } from '#base/time.ts'
import {
  type HeldReason,
  lastModifiedOf,
  learn,
  type RebuildEnd,
  type SyncReason,
} from '#core/sync/index.ts'
import { carriedFolder } from './carried.ts'
import { fetchAndVerify } from './fetch.ts'
import { publish } from './publish.ts'
import { rebuildFolder } from './rebuild.ts'
import type { SyncSource } from './source.ts'
import type { SyncRun, SyncWorld } from './sync-world.ts'
import { printTreeRecord, readTree, type ServedTree, type TreeRecord } from './tree-record.ts'
import type { StagedTree } from './verify-staged.ts'

export interface Synced {
  readonly serial: Serial
  readonly generation: Generation
  /** False when the source had nothing newer. */
  readonly changed: boolean
  readonly put: number
  readonly deleted: number
  readonly held: HeldReason | undefined
  /** Of the databases that are new and could be made here. */
  readonly rebuilds: readonly RebuildEnd[]
}

export async function syncFrom(
  source: SyncSource,
  world: SyncWorld,
  run: SyncRun,
): Promise<Outcome<Synced, readonly SyncReason[]>> {
  const { settings, onStep = () => {} } = world
  const trees = new MirrorTrees(settings.state)
  await trees.recover()
  await sweepScratch(settings.state)
  const served = readTree(await trees.current())
  onStep('recovered')
  const fetched = await fetchAndVerify(source, world, run, { trees, served })
  if (!fetched.ok) {
    // From a source that gives file by file, what is there is what the manifest lists.
    if (source.kind === 'master') await trees.dropIncoming()
    return fetched
  }
  const { staged, rebuilds } = fetched.value
  if (!(await run.mayPublish())) throw new Error('Cannot publish: another run has taken over')
  const generation = staged?.manifest.generation
  const changed = generation !== undefined && generation !== served?.record.generation
  // An unchanged generation keeps its tree. What an operator stops hiding comes with the next one, in six hours at most.
  if (staged !== undefined && changed) await adopt(staged, trees, served, world, run.signal)
  else await trees.dropIncoming()
  await staged?.accept()
  onStep('accepted')
  const now = readTree(await trees.current())
  if (now === undefined) throw new Error('Cannot read the record of the tree that was just made')
  const report = await publish({
    tree: now.folder,
    record: now.record,
    to: settings.to,
    recordFile: join(settings.state, 'published.json'),
    hidden: settings.hidden,
    deleteShareMax: world.deleteShareMax,
    now: toSeconds(world.clock.now()),
    onStep,
    signal: run.signal,
  })
  const numbers = { serial: now.record.serial, generation: now.record.generation }
  const counts = { put: report.put.length, deleted: report.deleted.length, held: report.held }
  return ok({ ...numbers, changed, rebuilds, ...counts })
}

async function adopt(
  staged: StagedTree,
  trees: MirrorTrees,
  served: ServedTree | undefined,
  world: SyncWorld,
  signal: AbortSignal,
): Promise<void> {
  const { manifest, digest, files, examined } = staged
  const now = toSeconds(world.clock.now())
  const record: TreeRecord = {
    serial: manifest.serial,
    generation: manifest.generation,
    digest,
    files: new Map(
      [...files].map(([path, { known: _known, builtAt, ...file }]) => {
        const before = served?.record.files.get(path)
        const sentAt = toSeconds(epochMs(file.mtimeMs))
        const { sha256 } = file
        return [
          path,
          { ...file, lastModified: lastModifiedOf({ path, sha256, sentAt, builtAt, before, now }) },
        ]
      }),
    ),
    known: learn(served?.record.known ?? new Map(), examined),
  }
  const known = new Set([...files].filter(([, file]) => file.known).map(([path]) => path))
  const onStep = world.onStep ?? (() => {})
  await trees.adopt(manifest.generation, printTreeRecord(record), { known, onStep, signal })
  await trees.switchTo(manifest.generation)
  onStep('switched')
  await world.onSwitched?.()
}

/** What a killed run was making, and copies of the trusted metadata that it was checking with. */
async function sweepScratch(state: string): Promise<void> {
  for (const folder of [rebuildFolder(state), carriedFolder(state)]) {
    await rm(folder, { recursive: true, force: true })
  }
  for (const name of await readdir(state)) {
    if (name.startsWith('tuf.next-')) await rm(join(state, name), { recursive: true, force: true })
  }
}
