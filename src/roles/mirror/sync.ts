/**
 * One sync from one master, by the holder of the lock:
 *
 *     pull into STATE/incoming → verify all of it → STATE/trees/N → switch STATE/current → accept the manifest
 *     → publish into TO → delete in TO
 *
 * A refusal leaves everything that is public as it is. Throws when the world fails; the next run puts it right,
 * wherever this one stopped.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type MirrorTree, MirrorTrees } from '#adapters/disk/index.ts'
import type { Generation, Serial } from '#base/names.ts'
import { fail, type Outcome } from '#base/outcome.ts'
import { epochMs, toSeconds } from '#base/time.ts'
import {
  type HeldReason,
  lastModifiedOf,
  learn,
  mayBeMixed,
  type SyncReason,
} from '#core/sync/index.ts'
import type { Master } from '#formats/clientsync-conf/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { ManifestVerifier } from '#ports/manifest-signer.ts'
import { type Transfer, TransferError } from '#ports/transfer.ts'
import { publish } from './publish.ts'
import type { MirrorSettings } from './settings.ts'
import { parseTreeRecord, printTreeRecord, type TreeRecord } from './tree-record.ts'
import { type StagedTree, verifyStaged } from './verify-staged.ts'

export interface SyncWorld {
  readonly settings: MirrorSettings
  readonly transfer: Transfer
  readonly manifests: ManifestVerifier
  readonly clock: Clock
  readonly deleteShareMax: number
  /** Called when another tree is served from now on. */
  readonly onSwitched?: () => Promise<void>
  /** Names each step when it is done, so that a test can stop the world there. */
  readonly onStep?: (step: string) => void
}

export interface SyncRun {
  readonly print: (line: string) => void
  /** False when the lock was lost. */
  readonly mayPublish: () => Promise<boolean>
  readonly signal: AbortSignal
}

export interface Synced {
  readonly serial: Serial
  readonly generation: Generation
  /** False when the master had nothing newer. */
  readonly changed: boolean
  readonly put: number
  readonly deleted: number
  readonly held: HeldReason | undefined
}

/** A master switches its tree in one step; by then a second pull sees one of the two. */
const SECOND_PULL_AFTER_MS = 500

export async function syncFrom(
  master: Master,
  world: SyncWorld,
  run: SyncRun,
): Promise<Outcome<Synced, readonly SyncReason[]>> {
  const { settings, onStep = () => {} } = world
  const trees = new MirrorTrees(settings.state)
  await trees.recover()
  await sweepScratch(settings.state)
  const served = readTree(await trees.current())
  onStep('recovered')
  const staged = await fetchAndVerify(master, world, run, { trees, served })
  if (!staged.ok) {
    await trees.dropIncoming()
    return staged
  }
  onStep('verified')
  if (!(await run.mayPublish())) throw new Error('Cannot publish: another run has taken over')
  const { manifest } = staged.value
  const changed = served?.record.generation !== manifest.generation
  // An unchanged generation keeps its tree. What an operator stops hiding comes with the next one, in six hours at most.
  if (changed) await adopt(staged.value, trees, served, world, run.signal)
  else await trees.dropIncoming()
  await staged.value.accept()
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
  const { serial, generation } = manifest
  const counts = { put: report.put.length, deleted: report.deleted.length, held: report.held }
  return { ok: true, value: { serial, generation, changed, ...counts } }
}

export interface ServedTree {
  readonly folder: string
  readonly record: TreeRecord
}

/** The tree with its record understood. */
export function readTree(tree: MirrorTree | undefined): ServedTree | undefined {
  const record = tree && parseTreeRecord(tree.record)
  return record && { folder: tree.folder, record }
}

interface Local {
  readonly trees: MirrorTrees
  readonly served: ServedTree | undefined
}

/** A tree that does not verify is pulled once more, by content: the master may have switched while we read. */
async function fetchAndVerify(
  master: Master,
  world: SyncWorld,
  run: SyncRun,
  { trees, served }: Local,
): Promise<Outcome<StagedTree, readonly SyncReason[]>> {
  let verdict: Outcome<StagedTree, readonly SyncReason[]> = fail([])
  for (const byContent of [false, true]) {
    if (byContent) {
      run.print('what came does not fit together; pulling once more')
      await setTimeout(SECOND_PULL_AFTER_MS, undefined, { signal: run.signal })
    }
    await pull(master, world, run, { trees, served }, byContent)
    world.onStep?.('pulled')
    verdict = await verifyStaged(trees.incoming, {
      manifests: world.manifests,
      verifiers: world.settings.verifiers,
      hidden: world.settings.hidden,
      current: served?.record,
      signal: run.signal,
    })
    if (verdict.ok || !mayBeMixed(verdict.fault)) break
  }
  return verdict
}

async function pull(
  { host, port }: Master,
  { settings, transfer }: SyncWorld,
  run: SyncRun,
  { trees, served }: Local,
  byContent: boolean,
): Promise<void> {
  const { module, rsyncUser: user, rsyncPassword: password, exclude } = settings.conf
  try {
    await transfer.pull({ host, port, module, user, password }, trees.incoming, {
      ...(served === undefined ? {} : { linkAgainst: served.folder }),
      exclude,
      byContent,
      onLine: (line) => run.print(`  ${line}`),
      signal: run.signal,
    })
  } catch (error) {
    // What came so far helps the next run, but not on a disk that everybody else needs too.
    if (error instanceof TransferError && error.code === 'disk-full') await trees.dropIncoming()
    throw error
  }
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

/** Copies of the trusted metadata that a killed run was checking with. */
async function sweepScratch(state: string): Promise<void> {
  for (const name of await readdir(state)) {
    if (name.startsWith('tuf.next-')) await rm(join(state, name), { recursive: true, force: true })
  }
}
