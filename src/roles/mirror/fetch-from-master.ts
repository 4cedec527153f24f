/** A master's tree by rsync, as few bytes of it as possible, and verified. */
import { setTimeout } from 'node:timers/promises'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { databasePath } from '#core/release/index.ts'
import {
  databasesToLeaveOut,
  mayBeMixed,
  type RebuildEnd,
  type SyncReason,
} from '#core/sync/index.ts'
import type { Master } from '#formats/clientsync-conf/index.ts'
import { TransferError } from '#ports/transfer.ts'
import type { Fetched, Local } from './fetch.ts'
import { complete } from './rebuild.ts'
import type { SyncRun, SyncWorld } from './sync-world.ts'
import { type StagedTree, verifyStaged } from './verify-staged.ts'

/** A master switches its tree in one step; by then a second pull sees one of the two. */
const SECOND_PULL_AFTER_MS = 500

/** A tree that does not verify is pulled once more, by content: the master may have switched while we read. */
export async function fetchFromMaster(
  master: Master,
  world: SyncWorld,
  run: SyncRun,
  local: Local,
): Promise<Outcome<Fetched, readonly SyncReason[]>> {
  const rebuilds = await fetchSparingly(master, world, run, local)
  const first = await verify(world, run, local)
  if (first.ok) return ok({ staged: first.value, rebuilds })
  if (!mayBeMixed(first.fault)) return first
  run.print('what came does not fit together; pulling once more')
  await setTimeout(SECOND_PULL_AFTER_MS, undefined, { signal: run.signal })
  await pull(master, world, run, local, { byContent: true })
  const second = await verify(world, run, local)
  return second.ok ? ok({ staged: second.value, rebuilds }) : fail(second.fault)
}

/** One pull; where databases were left out of it and cannot be made here, a second one for those. */
async function fetchSparingly(
  master: Master,
  world: SyncWorld,
  run: SyncRun,
  local: Local,
): Promise<readonly RebuildEnd[]> {
  const { served } = local
  const names =
    served === undefined
      ? []
      : databasesToLeaveOut({
          served: served.record.files,
          hidden: world.settings.hidden,
          bytesMin: world.rebuildBytesMin,
        })
  await pull(master, world, run, local, { later: names.map(databasePath) })
  if (served === undefined || names.length === 0) return []
  const { rebuilds, missing } = await complete(
    names,
    { incoming: local.trees.incoming, served },
    world,
    run,
  )
  if (missing) await pull(master, world, run, local)
  return rebuilds
}

async function verify(
  { manifests, settings, onStep }: SyncWorld,
  { signal }: SyncRun,
  { trees, served }: Local,
): Promise<Outcome<StagedTree, readonly SyncReason[]>> {
  const { verifiers, hidden } = settings
  const current = served?.record
  const verdict = await verifyStaged(trees.incoming, {
    manifests,
    verifiers,
    hidden,
    current,
    signal,
  })
  if (verdict.ok) onStep?.('verified')
  return verdict
}

async function pull(
  { host, port }: Master,
  { settings, transfer, onStep }: SyncWorld,
  run: SyncRun,
  { trees, served }: Local,
  how: { readonly byContent?: boolean; readonly later?: readonly string[] } = {},
): Promise<void> {
  const { module, rsyncUser: user, rsyncPassword: password, exclude, bandwidthKib } = settings.conf
  if (user === undefined || password === undefined) {
    throw new TransferError('refused', 'pull by rsync without RSYNC_USER and RSYNC_PASSWORD')
  }
  try {
    await transfer.pull({ host, port, module, user, password }, trees.incoming, {
      ...(served === undefined ? {} : { linkAgainst: served.folder }),
      ...how,
      exclude,
      bandwidthKib,
      onLine: (line) => run.print(`  ${line}`),
      signal: run.signal,
    })
  } catch (error) {
    // What came so far helps the next run, but not on a disk that everybody else needs too.
    if (error instanceof TransferError && error.code === 'disk-full') await trees.dropIncoming()
    throw error
  }
  onStep?.('pulled')
}
