import type { ReleaseFolder } from '#adapters/disk/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Store, StorePart } from '#ports/store.ts'
import type { MasterDesk } from './master.ts'
import { loginsOf, type MirrorDoor } from './mirror-door.ts'
import { targetsOf } from './parts.ts'
import type { Pusher } from './pusher.ts'
import type { Registry } from './registry.ts'
import type { ReleaseDesk } from './release-desk.ts'
import { tellErrors } from './schedule.ts'
import type { StoreJournal } from './store-journal.ts'

/** What was missed, while this master started or a peer was out of reach, is found by asking. */
const ASK_EVERY_MS = 3_000

export interface Followers {
  readonly store: Store
  readonly registry: Registry
  readonly mirrorDoor: MirrorDoor
  readonly pusher: Pusher
  readonly master: MasterDesk
  readonly desk: ReleaseDesk
  readonly journal: StoreJournal
  readonly releases: ReleaseFolder
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly onEvent: (line: string) => void
}

/**
 * What others write into the store takes effect without a restart: logins, whom to push to, and what was committed in
 * the middle of which the store went away. Any change also shows that the store is there.
 */
export function followStore(given: Followers): AsyncDisposable {
  // What stays wrong is asked for again and again, and told once.
  let said = ''
  const onEvent = (line: string) => {
    if (line !== said) given.onEvent(line)
    said = line
  }
  const all = { ...given, onEvent }
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
  const hear = (...parts: readonly StorePart[]) => {
    for (const part of parts) changed.add(part)
    working ??= work()
  }
  const watch = all.store.watch((part) => hear(part))
  const asking = setInterval(() => hear('registry', 'releases'), ASK_EVERY_MS)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('The master is stopping'))
      clearInterval(asking)
      watch[Symbol.dispose]()
      await working
    },
  }
}

async function followRegistry(all: Followers): Promise<void> {
  const { registry, mirrorDoor, pusher, master } = all
  await registry.refresh()
  await tellErrors(() => mirrorDoor.letIn(loginsOf(registry.mirrors, registry.peers)), all.onEvent)
  const added = pusher.setTargets(targetsOf(registry.mirrors))
  if (added.length > 0) void tellErrors(() => master.pushCurrent(added), all.onEvent)
}

async function followReleases(all: Followers): Promise<void> {
  const { desk, releases, master } = all
  const before = releases.published?.generation
  const isAdopted = await desk.catchUp()
  if (releases.published?.generation === before) return
  if (isAdopted) void tellErrors(() => pushLater(all), all.onEvent)
  else void tellErrors(() => master.pushCurrent(), all.onEvent)
}

/** Whoever publishes pushes. Should it die meanwhile, this master finds the mirrors that wait still (promise 5). */
async function pushLater({ master, releases, clock, signal }: Followers): Promise<void> {
  const { published } = releases
  await clock.sleep(OTHERS_PUSH_MS, signal).catch(() => {})
  if (!signal.aborted && releases.published === published) await master.pushCurrent(undefined, true)
}

/** Guess: by then most mirrors have it, and those that have are only looked at. */
const OTHERS_PUSH_MS = 60_000
