import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { type PublishedTree, ReleaseFolder } from '#adapters/disk/index.ts'
import { fail, ok } from '#base/outcome.ts'
import type { Store } from '#ports/store.ts'
import type { ForcedUpdateParts } from '#roles/master/forced-update.ts'
import { MasterDesk, wantedOf } from '#roles/master/master.ts'
import { Peering, type PeeringOptions } from '#roles/master/peering.ts'
import type { FoundPeer } from '#roles/master/peers.ts'
import { Publisher } from '#roles/master/publisher.ts'
import { Pusher } from '#roles/master/pusher.ts'
import { ReleaseDesk } from '#roles/master/release-desk.ts'
import { teamWriter } from '#roles/master/team-writer.ts'
import { NO_STAMP, type SimClock, SimLines, type SimNetwork, type Stamp } from '#sim/index.ts'
import { EXAMPLE_KEY } from '../../src/formats/cvdnet-toml/example-keys.ts'
import { plainSigner, stampOf } from '../support/publish-release.ts'
import { aMaster } from '../support/records.ts'

export interface MastersWorld {
  readonly zone: string
  readonly store: Store
  readonly network: SimNetwork
  readonly clock: SimClock
  readonly draw: () => number
  readonly onEvent: (line: string) => void
}

export interface StoryMaster {
  readonly name: string
  readonly folder: string
  readonly releases: ReleaseFolder
  readonly publisher: Publisher
  readonly pusher: Pusher
  readonly desk: MasterDesk
  readonly update: ForcedUpdateParts
}

interface Surroundings extends MastersWorld {
  readonly folder: string
  readonly others: readonly string[]
  /** Another master, as it is found now. */
  readonly sight: (other: string) => FoundPeer
  readonly treeOf: (other: string) => PublishedTree | undefined
  readonly isSpoiled: (stamp: Stamp) => boolean
}

export const UPDATE_EVERY_MS = 6 * 3_600_000
const PATIENCE_MS = 60_000
/** As the settings have it. */
const PUSH_POLICY = {
  parallel: 8,
  connectTimeoutMs: 30_000,
  syncTimeoutMs: 3_600_000,
  retries: 5,
  retryBaseMs: 5000,
  retryMaxMs: 300_000,
  canary: true,
}

/** A master as the role composes it, on disk, with simulated lines. */
export async function makeMaster(name: string, around: Surroundings): Promise<StoryMaster> {
  const { zone, store, clock, folder } = around
  const onEvent = (line: string) => around.onEvent(`${name}: ${line}`)
  const releases = await ReleaseFolder.open({ folder, signer: plainSigner, kept: 3 })
  const peering = new Peering(peeringOptions(name, releases, { ...around, onEvent }))
  const publisher = makePublisher(name, releases, peering, around)
  const { journal } = store
  const parts = { state: folder, publisher, publishers: [], clock, journal }
  const pusher = makePusher(name, releases, around)
  const own = {
    clock,
    desk: await ReleaseDesk.open(parts),
    peering,
    published: () => releases.published,
    tellTeam: teamWriter({ self: name, zone, store, clock, onEvent }),
  }
  const desk = new MasterDesk({
    ...own,
    name,
    state: folder,
    sigmakers: () => [],
    peers: () => around.others.map((other) => aMaster(other)),
    uploadLimits: { fileBytesMax: 0, folderBytesMax: 0, filesMax: 0 },
    pusher,
  })
  const everyMs = UPDATE_EVERY_MS
  const update = { ...own, self: name, store, everyMs, master: desk, onEvent }
  return { name, folder, releases, publisher, pusher, desk, update }
}

function peeringOptions(name: string, releases: ReleaseFolder, around: Surroundings) {
  const { store, clock, others, onEvent, folder, sight, treeOf } = around
  const options: PeeringOptions = {
    self: name,
    store,
    releases,
    clock,
    peers: () => others.map((other) => aMaster(other)),
    call: async (peers) => peers.map((peer) => sight(peer.name)),
    async fetch(peer, head) {
      const there = treeOf(peer.name)
      if (there?.generation !== head.generation) {
        const { release, generation = 0 } = there ?? {}
        return fail({ kind: 'other-tree', serial: release?.serial ?? 0, generation })
      }
      const into = join(folder, 'from-peer')
      await cp(there.folder, into, { recursive: true })
      return ok(into)
    },
    onEvent,
  }
  return options
}

function makePublisher(
  self: string,
  releases: ReleaseFolder,
  peering: Peering,
  { store, clock }: Surroundings,
): Publisher {
  return new Publisher({
    self,
    releases,
    store,
    journal: store.journal,
    pointers: async ({ serial }, generation) => stampOf(serial, generation),
    clock,
    patienceMs: PATIENCE_MS,
    catchUp: () => peering.catchUp(),
  })
}

function makePusher(self: string, releases: ReleaseFolder, around: Surroundings): Pusher {
  const { network, clock, store, draw, isSpoiled } = around
  /** Known since when: what is public was issued when it was first pulled. */
  const stamps = new Map<number, Stamp>()
  const source = (): Stamp => {
    const tree = releases.published
    if (tree === undefined) return NO_STAMP
    const { serial, databases: versions } = wantedOf(tree)
    const { generation } = tree
    const stamp = stamps.get(generation) ?? { serial, generation, stampedAt: clock.now(), versions }
    stamps.set(generation, stamp)
    return stamp
  }
  const lines = new SimLines({ network, clock, source, isSpoiled })
  const targets = [...network.mirrors.keys()].map((name) => ({
    ...{ name, host: `${name}.example`, sshPort: 22, httpPort: 80 },
    ...{ user: 'clamavdb', hostKey: EXAMPLE_KEY },
  }))
  const world = { trigger: lines, probe: lines, clock, policy: PUSH_POLICY, draw }
  return new Pusher(world, { self, journal: store.journal, targets })
}
