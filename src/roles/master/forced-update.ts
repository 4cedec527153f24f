import type { PublishedTree } from '#adapters/disk/index.ts'
import { forcedUpdateLetter, type Letter, type LetterAbout } from '#core/notices/index.ts'
import { decideForcedUpdate, type ForcedUpdate } from '#core/peering/index.ts'
import type { Clock } from '#ports/clock.ts'
import { type Head, type Store, StoreError } from '#ports/store.ts'
import type { MasterDesk } from './master.ts'
import type { Peering } from './peering.ts'
import type { ReleaseDesk } from './release-desk.ts'
import { tellErrors } from './schedule.ts'

export interface ForcedUpdateParts {
  readonly self: string
  readonly store: Store
  readonly clock: Clock
  /** How often one master or another does it. */
  readonly everyMs: number
  readonly desk: ReleaseDesk
  readonly master: MasterDesk
  readonly peering: Peering
  readonly published: () => PublishedTree | undefined
  readonly tellTeam: (write: (about: LetterAbout) => Letter) => Promise<void>
  readonly onEvent: (line: string) => void
}

export const FORCED_UPDATE_LEASE = 'forced-update'
/** It is given back only by a master that could do nothing: whoever did it last keeps the others from doing it again in the same period. */
const LEASE_SHARE = 0.75

/**
 * The six-hourly run (R103, R110), by one master of the network: a fresh `timestamp`, and every mirror is made to pull.
 * Without the other masters in reach no content moves (R104–R105). Without the store nobody can say which release is the newest, so
 * what is public is pushed only when every other master answers and none is ahead.
 */
export async function forceUpdate(parts: ForcedUpdateParts, signal: AbortSignal): Promise<void> {
  const { store, self, clock, everyMs, desk, onEvent } = parts
  let head: Head | undefined
  let isStoreAway = false
  try {
    const ttlMs = everyMs * LEASE_SHARE
    if ((await store.jobs.lease(FORCED_UPDATE_LEASE, self, ttlMs, clock.now())) === undefined)
      return
    await desk.catchUp()
    head = await store.releases.head()
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    isStoreAway = true
    onEvent(error.message)
  }
  const update = await decide(parts, head)
  // Another master may have what this one lacks: its turn comes in this period still, so that freshness goes on.
  if (update === undefined || update.kind === 'nothing') await letOthers(parts)
  if (update === undefined) return
  if (update.kind !== 'everything') await alarm(parts, update.alarm)
  await carryOut(update, isStoreAway, parts, signal)
}

async function decide(
  { published, peering }: ForcedUpdateParts,
  head: Head | undefined,
): Promise<ForcedUpdate | undefined> {
  const own = published()?.release.serial
  if (own === undefined) return undefined
  const known = head && { serial: head.release.serial, master: head.master }
  return decideForcedUpdate({ own, head: known, peers: await peering.look() })
}

async function letOthers({ store, self }: ForcedUpdateParts): Promise<void> {
  // One that cannot be ended now ends by itself.
  await store.jobs.endLease(FORCED_UPDATE_LEASE, self).catch(() => {})
}

async function carryOut(
  update: ForcedUpdate,
  isStoreAway: boolean,
  { master, store, published, onEvent }: ForcedUpdateParts,
  signal: AbortSignal,
): Promise<void> {
  if (update.kind === 'nothing') return
  if (update.kind === 'everything') {
    return isStoreAway ? await master.pushCurrent() : await master.renewAndPush(onEvent, signal)
  }
  if (isStoreAway) return
  const health = await store.registry.health.list()
  const serial = published()?.release.serial
  const upToDate = health
    .filter(({ value }) => value.addresses.some(({ lastGood }) => lastGood?.serial === serial))
    .map(({ name }) => name)
  await master.renewAndPush(onEvent, signal, upToDate)
}

async function alarm(
  { self, store, clock, tellTeam, onEvent }: ForcedUpdateParts,
  words: string,
): Promise<void> {
  onEvent(`ALARM: ${words}`)
  const at = clock.now()
  const entry = { at, who: self, what: 'update-held', subject: self, why: [words] }
  await tellErrors(() => store.journal.append(entry), onEvent)
  await tellTeam((about) => forcedUpdateLetter(about, words))
}
