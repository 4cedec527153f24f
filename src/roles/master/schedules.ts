import type { ReleaseFolder } from '#adapters/disk/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { followPages } from './follow-pages.ts'
import { type ForcedUpdateParts, forceUpdate } from './forced-update.ts'
import { gatherTotals } from './gather-totals.ts'
import type { MasterDesk } from './master.ts'
import type { MasterOptions } from './options.ts'
import type { PageFacts } from './page-facts.ts'
import type { Peering } from './peering.ts'
import { pruneJournal } from './prune-journal.ts'
import type { Registry } from './registry.ts'
import type { ReleaseDesk } from './release-desk.ts'
import { repeat, tellErrors } from './schedule.ts'

export interface ScheduledParts {
  readonly options: MasterOptions
  readonly master: MasterDesk
  readonly desk: ReleaseDesk
  readonly registry: Registry
  readonly facts: PageFacts
  readonly peering: Peering
  readonly releases: ReleaseFolder
  readonly tellTeam: ForcedUpdateParts['tellTeam']
  readonly signal: AbortSignal
}

/** Changed pages are pushed by one master. It gives way when it was silent for so long. */
const PAGES_LEASE = 'pages'
const PAGES_TTL_MS = 15 * 60_000
/** A window is told in minutes and lasts for hours. */
const WINDOWS_EVERY_MS = 5 * 60_000

/** The pages show whole days, so that more often than some times a day finds nothing new. */
const TOTALS_EVERY_MS = 6 * 3_600_000

/** What happens by the clock: freshness (R103, R110), pages, what other masters published, and a journal that is pruned. */
export function startSchedules(all: ScheduledParts): AsyncDisposable {
  const { options, master, desk, registry, facts, peering, releases, tellTeam, signal } = all
  const { name: self, store, timestampEveryMs: everyMs, onEvent = () => {} } = options
  const often = { clock: systemClock, draw: Math.random, onError: onEvent }
  const published = () => releases.published
  const world = { self, store, clock: systemClock, everyMs, onEvent }
  const update = { ...world, desk, master, peering, published, tellTeam }
  const renewPages = async (): Promise<void> => {
    const now = systemClock.now()
    if ((await store.jobs.lease(PAGES_LEASE, self, PAGES_TTL_MS, now)) === undefined) return
    await master.renewAndPush(onEvent, signal)
  }
  const totals = { zone: options.zone, mirrors: () => registry.mirrors, facts }
  const gather = async (): Promise<void> => {
    await gatherTotals(totals, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
  const schedules = new AsyncDisposableStack()
  const gathered = tellErrors(gather, onEvent)
  schedules.defer(() => gathered)
  schedules.use(repeat(gather, { ...often, everyMs: TOTALS_EVERY_MS }))
  schedules.use(repeat(() => forceUpdate(update, signal), { ...often, everyMs }))
  schedules.use(repeat(() => pruneJournal(store.journal, systemClock), { ...often, everyMs }))
  const openWindows = { ...often, everyMs: WINDOWS_EVERY_MS }
  schedules.use(repeat(() => master.pushPostponed(), openWindows))
  schedules.use(
    followPages({ store, facts, clock: systemClock, renewAndPush: renewPages, onEvent }),
  )
  return schedules
}
