import { join } from 'node:path'
import type { ReleaseFolder } from '#adapters/disk/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import type { MasterDesk } from './master.ts'
import type { MasterOptions } from './options.ts'
import type { ReleaseDesk } from './release-desk.ts'
import { tellErrors } from './schedule.ts'
import { Upstream } from './upstream.ts'

interface FollowingParts {
  readonly options: MasterOptions
  readonly master: MasterDesk
  readonly desk: ReleaseDesk
  readonly releases: ReleaseFolder
  /** Resolves when what a crash left open has ended; the first look waits for it. */
  readonly begun: Promise<void>
  readonly signal: AbortSignal
}

/** Looks at the upstream, where there is one, until it is disposed. */
export async function followUpstream(parts: FollowingParts): Promise<AsyncDisposable> {
  const { options, master, desk, releases, begun, signal: stopping } = parts
  const { name: self, state, store, publishers, upstream, onEvent = () => {} } = options
  const following = new AsyncDisposableStack()
  if (upstream === undefined) return following
  const followed = await Upstream.open({
    ...{ self, options: upstream, publishers, store, onEvent },
    folder: join(state, 'upstream'),
    clock: systemClock,
    published: () => releases.published,
    catchUp: () => desk.catchUp(),
    handIn: (releaser, folder, call) => master.handIn(releaser, folder, call),
  })
  const stop = new AbortController()
  const signal = AbortSignal.any([stopping, stop.signal])
  const tell = (line: string) => {
    if (!signal.aborted) onEvent(`upstream: ${line}`)
  }
  const looking = (async () => {
    await begun
    while (!signal.aborted) {
      await systemClock.sleep(followed.untilNext(Math.random), signal).catch(() => {})
      if (!signal.aborted) await tellErrors(() => followed.look(signal), tell)
    }
  })()
  following.defer(() => looking)
  following.defer(() => stop.abort(new Error('Stopping')))
  return following
}
