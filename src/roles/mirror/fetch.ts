/** A network's tree into the staging folder, from wherever it comes, and verified there. */
import type { MirrorTrees } from '#adapters/disk/index.ts'
import type { Outcome } from '#base/outcome.ts'
import type { RebuildEnd, SyncReason } from '#core/sync/index.ts'
import { CarriedBundle } from './carried.ts'
import { fetchByManifest } from './fetch-by-manifest.ts'
import { fetchFromMaster } from './fetch-from-master.ts'
import type { SyncSource } from './source.ts'
import type { SyncRun, SyncWorld } from './sync-world.ts'
import type { ServedTree } from './tree-record.ts'
import type { StagedTree } from './verify-staged.ts'
import { WebUpstream } from './web-upstream.ts'

export interface Local {
  readonly trees: MirrorTrees
  readonly served: ServedTree | undefined
}

export interface Fetched {
  /** Undefined: what is served is what the source has. */
  readonly staged: StagedTree | undefined
  /** Of the databases that are new and were left out at first. */
  readonly rebuilds: readonly RebuildEnd[]
}

/** Throws when the world fails, with what came so far left for the next run. */
export async function fetchAndVerify(
  source: SyncSource,
  world: SyncWorld,
  run: SyncRun,
  local: Local,
): Promise<Outcome<Fetched, readonly SyncReason[]>> {
  switch (source.kind) {
    case 'master':
      return await fetchFromMaster(source.master, world, run, local)
    case 'upstream': {
      await using upstream = WebUpstream.open(source.servers, world, run, local.served)
      return await fetchByManifest(upstream, world, run, local)
    }
    case 'bundle': {
      const { state } = world.settings
      await using bundle = new CarriedBundle(
        { file: source.file, state, served: local.served },
        run,
      )
      return await fetchByManifest(bundle, { ...world, manifests: world.carried }, run, local)
    }
  }
}
