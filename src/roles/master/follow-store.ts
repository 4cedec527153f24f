import type { ReleaseFolder } from '#adapters/disk/index.ts'
import type { Store, StorePart } from '#ports/store.ts'
import type { MasterDesk } from './master.ts'
import { loginsOf, type MirrorDoor } from './mirror-door.ts'
import { targetsOf } from './parts.ts'
import type { Pusher } from './pusher.ts'
import type { Registry } from './registry.ts'
import type { ReleaseDesk } from './release-desk.ts'
import { tellErrors } from './schedule.ts'
import type { StoreJournal } from './store-journal.ts'

export interface Followers {
  readonly store: Store
  readonly registry: Registry
  readonly mirrorDoor: MirrorDoor
  readonly pusher: Pusher
  readonly master: MasterDesk
  readonly desk: ReleaseDesk
  readonly journal: StoreJournal
  readonly releases: ReleaseFolder
  readonly onEvent: (line: string) => void
}

/**
 * What others write into the store takes effect without a restart: logins, whom to push to, and what was committed in
 * the middle of which the store went away. Any change also shows that the store is there.
 */
export function followStore(all: Followers): AsyncDisposable {
  const changed = new Set<StorePart>()
  const stop = new AbortController()
  let working: Promise<void> | undefined
  const work = async (): Promise<void> => {
    while (changed.size > 0 && !stop.signal.aborted) {
      const parts = new Set(changed)
      changed.clear()
      await tellErrors(() => all.journal.deliver(), all.onEvent)
      if (parts.has('registry')) await tellErrors(() => followRegistry(all), all.onEvent)
      if (parts.has('releases')) await tellErrors(() => followReleases(all), all.onEvent)
    }
    working = undefined
  }
  const watch = all.store.watch((part) => {
    changed.add(part)
    working ??= work()
  })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('The master is stopping'))
      watch[Symbol.dispose]()
      await working
    },
  }
}

async function followRegistry(all: Followers): Promise<void> {
  const { registry, mirrorDoor, pusher, master } = all
  await registry.refresh()
  await tellErrors(() => mirrorDoor.letIn(loginsOf(registry.mirrors)), all.onEvent)
  const added = pusher.setTargets(targetsOf(registry.mirrors))
  if (added.length > 0) void tellErrors(() => master.pushCurrent(added), all.onEvent)
}

async function followReleases(all: Followers): Promise<void> {
  const { desk, releases, master } = all
  const before = releases.published?.generation
  await desk.settle()
  if (releases.published?.generation !== before) {
    void tellErrors(() => master.pushCurrent(), all.onEvent)
  }
}
