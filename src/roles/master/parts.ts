import { join } from 'node:path'
import type { ReleaseFolder } from '#adapters/disk/index.ts'
import { HttpProbe } from '#adapters/http-check/index.ts'
import { RsyncTransfer } from '#adapters/rsync/index.ts'
import { loadOrMakeKey, SshTrigger } from '#adapters/ssh/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { TufVerifier } from '#adapters/tuf/index.ts'
import { toSeconds } from '#base/time.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { type MirrorRecord, serviceOf } from '#core/mirrors/index.ts'
import { printTimestamp } from '#formats/timestamp-file/index.ts'
import type { Journal } from '#ports/journal.ts'
import { fetchPeerTree } from './fetch-peer-tree.ts'
import { MirrorDoor } from './mirror-door.ts'
import { type MasterOptions, masterFiles } from './options.ts'
import type { PageFacts } from './page-facts.ts'
import { Peering } from './peering.ts'
import { callPeers } from './peers.ts'
import { Publisher } from './publisher.ts'
import { keysOf } from './publishers.ts'
import type { PushTarget } from './push-line.ts'
import { Pusher } from './pusher.ts'
import type { Registry } from './registry.ts'
import { ReleaseDesk } from './release-desk.ts'
import { tellRelease } from './release-news.ts'

/** The parts of a master, each made from its options. */

/** Guess: a sigmaker who looks at his terminal rather sees it end than waits longer. */
const STORE_PATIENCE_MS = 10 * 60_000

export async function makeDesk(
  options: MasterOptions,
  releases: ReleaseFolder,
  facts: PageFacts,
  journal: Journal,
  peering: Peering,
): Promise<ReleaseDesk> {
  const { name, zone, state, store, storePatienceMs = STORE_PATIENCE_MS } = options
  const publisher = new Publisher({
    self: name,
    releases,
    store,
    journal,
    clock: systemClock,
    patienceMs: storePatienceMs,
    catchUp: () => peering.catchUp(),
    pointers: async (release, generation) => {
      const stampedAt = toSeconds(systemClock.now())
      return new Map([
        ...(await facts.make(release)),
        ['timestamp', printTimestamp({ stampedAt, serial: release.serial, generation })],
      ])
    },
  })
  return await ReleaseDesk.open({
    state,
    publisher,
    clock: systemClock,
    journal,
    publishers: options.publishers,
    tell: (before, release, changes) =>
      tellRelease({ self: name, zone, store, clock: systemClock }, before, release, changes),
  })
}

export function makeMirrorDoor(options: MasterOptions, releases: ReleaseFolder): MirrorDoor {
  const { state, rsync, module, onEvent } = options
  return new MirrorDoor({
    ...rsync,
    module,
    path: releases.current,
    folder: state,
    onEvent: (event) => {
      if (event.kind === 'died') {
        onEvent?.(
          `the rsync daemon ended (${event.reason}); started again in ${event.restartInMs} ms`,
        )
      }
    },
  })
}

/** Calls mirrors and the other masters with this master's key. */
export async function makeTrigger({ name, state, push }: MasterOptions): Promise<SshTrigger> {
  const { privateKey } = await loadOrMakeKey(masterFiles(state).triggerKey, name)
  return new SshTrigger({ privateKey, connectTimeoutMs: push.connectTimeoutMs })
}

/** The other masters, as this one calls them, pulls from them and believes them. */
export function makePeering(
  options: MasterOptions,
  releases: ReleaseFolder,
  registry: Registry,
  trigger: SshTrigger,
  signal: AbortSignal,
): Peering {
  const { name, state, networkKeys, publishers, store, onEvent = () => {} } = options
  const rootFile = join(networkKeys, 'root.json')
  const world = {
    transfer: new RsyncTransfer(),
    manifests: new TufVerifier({ folder: join(state, 'peers-tuf'), rootFile }),
    verifiers: verifiersOf(keysOf(publishers)),
    incoming: join(state, 'peers-incoming'),
    signal,
  }
  return new Peering({
    self: name,
    store,
    releases,
    clock: systemClock,
    peers: () => registry.peers,
    call: (peers) => callPeers(peers, { trigger, signal }),
    fetch: async (peer, head, own) => {
      const login = registry.own?.rsyncLogin
      if (login === undefined) throw new Error('Cannot pull: this master is not enrolled yet')
      return await fetchPeerTree(peer, head, own, { ...world, login })
    },
    onEvent,
  })
}

export function makePusher(
  options: MasterOptions,
  registry: Registry,
  journal: Journal,
  trigger: SshTrigger,
): Pusher {
  const { name, push, onPush } = options
  const world = {
    trigger,
    probe: new HttpProbe(),
    clock: systemClock,
    policy: push,
    draw: Math.random,
  }
  return new Pusher(world, {
    self: name,
    journal,
    targets: targetsOf(registry.mirrors),
    ...(onPush === undefined ? {} : { onPush }),
  })
}

/** Those that are called, at the address and with the key that the registry has. */
export function targetsOf(mirrors: readonly MirrorRecord[]): readonly PushTarget[] {
  return mirrors.flatMap((mirror) => {
    const { name, host, sshPort, httpPort, account, hostKey } = mirror
    if (hostKey === undefined || !serviceOf(mirror).push) return []
    const { window } = mirror.push
    return [{ name, host, sshPort, httpPort, user: account, hostKey, window }]
  })
}
