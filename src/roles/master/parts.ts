import { join } from 'node:path'
import type { JournalFile, ReleaseFolder } from '#adapters/disk/index.ts'
import { HttpProbe } from '#adapters/http-check/index.ts'
import { RsyncDaemon } from '#adapters/rsync/index.ts'
import { loadOrMakeKey, SshTrigger } from '#adapters/ssh/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { toSeconds } from '#base/time.ts'
import { indexPage, mirrorsPage, unwatched } from '#core/pages/index.ts'
import { printTimestamp } from '#formats/timestamp-file/index.ts'
import { examineSet } from './examine.ts'
import { type MasterOptions, masterFiles } from './options.ts'
import { Pusher } from './pusher.ts'
import { ReleaseDesk } from './release-desk.ts'

/** The parts of a master, each made from its options. */

export function makeDesk(
  options: MasterOptions,
  releases: ReleaseFolder,
  journal: JournalFile,
): ReleaseDesk {
  const { name, zone, state, mirrors } = options
  return new ReleaseDesk({
    self: name,
    state,
    releases,
    clock: systemClock,
    journal,
    examine: (frozen, published, signal) =>
      examineSet(frozen, published, {
        publishers: options.publishers,
        scratch: join(state, 'scratch'),
        signal,
      }),
    pointers: (release, generation) => {
      const stampedAt = toSeconds(systemClock.now())
      return new Map([
        ['index.html', indexPage(zone, release, stampedAt)],
        [
          'mirrors.html',
          mirrorsPage({ zone, mirrors: unwatched(mirrors), newest: undefined, madeAt: stampedAt }),
        ],
        ['timestamp', printTimestamp({ stampedAt, serial: release.serial, generation })],
      ])
    },
  })
}

/** A master without mirrors yet has nobody to serve, and rsync takes an empty list of logins for "everybody". */
export async function startDaemon(
  options: MasterOptions,
  releases: ReleaseFolder,
): Promise<RsyncDaemon | undefined> {
  const { state, rsync, module, mirrors, onEvent } = options
  if (mirrors.length === 0) return undefined
  return await RsyncDaemon.start({
    ...rsync,
    module,
    path: releases.current,
    logins: mirrors.map(({ rsyncLogin }) => rsyncLogin),
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

export async function makePusher(options: MasterOptions, journal: JournalFile): Promise<Pusher> {
  const { name, state, push, mirrors, onPush } = options
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
    targets: mirrors,
    ...(onPush === undefined ? {} : { onPush }),
  })
}
