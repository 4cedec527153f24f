import type { ReleaseFolder } from '#adapters/disk/index.ts'
import { HttpProbe } from '#adapters/http/index.ts'
import { loadOrMakeKey, SshTrigger } from '#adapters/ssh/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { toSeconds } from '#base/time.ts'
import { type MirrorRecord, serviceOf } from '#core/mirrors/index.ts'
import { indexPage, mirrorsPage } from '#core/pages/index.ts'
import { printTimestamp } from '#formats/timestamp-file/index.ts'
import type { Journal } from '#ports/journal.ts'
import { MirrorDoor } from './mirror-door.ts'
import { type MasterOptions, masterFiles } from './options.ts'
import { Publisher } from './publisher.ts'
import type { PushTarget } from './push-line.ts'
import { Pusher } from './pusher.ts'
import type { Registry } from './registry.ts'
import { ReleaseDesk } from './release-desk.ts'

/** The parts of a master, each made from its options. */

/** Guess: a sigmaker who looks at his terminal rather sees it end than waits longer. */
const STORE_PATIENCE_MS = 10 * 60_000

export async function makeDesk(
  options: MasterOptions,
  releases: ReleaseFolder,
  registry: Registry,
  journal: Journal,
): Promise<ReleaseDesk> {
  const { name, zone, state, store, storePatienceMs = STORE_PATIENCE_MS } = options
  const publisher = new Publisher({
    self: name,
    releases,
    store,
    journal,
    clock: systemClock,
    patienceMs: storePatienceMs,
    pointers: (release, generation) => {
      const stampedAt = toSeconds(systemClock.now())
      const shown = registry.mirrors.filter((mirror) => serviceOf(mirror).shown)
      return new Map([
        ['index.html', indexPage(zone, release, stampedAt)],
        ['mirrors.html', mirrorsPage(zone, shown, stampedAt)],
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

export async function makePusher(
  options: MasterOptions,
  registry: Registry,
  journal: Journal,
): Promise<Pusher> {
  const { name, state, push, onPush } = options
  const { privateKey } = await loadOrMakeKey(masterFiles(state).triggerKey, name)
  const world = {
    trigger: new SshTrigger({ privateKey, connectTimeoutMs: push.connectTimeoutMs }),
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
    return [{ name, host, sshPort, httpPort, user: account, hostKey }]
  })
}
