import { type EpochMs, epochMs } from '#base/time.ts'
import { downtimeAt, type MirrorRecord } from '../mirrors/index.ts'
import { markDay } from './days.ts'
import { excusedUntil, freshest, type Issued, lagMs } from './freshness.ts'
import type { HealthPolicy } from './policy.ts'
import type { AddressHealth, DayMark, MirrorHealth, Sight } from './types.ts'

export interface Look {
  readonly address: string
  readonly at: EpochMs
  readonly sight: Sight
}

/**
 * What a bad look means. `counts`: the mirror failed. `blind`: rather the observer did, so nothing leaves the answers.
 * `planned`: its operator said so beforehand (R83).
 */
export type BadLook = 'counts' | 'blind' | 'planned'

/** A look joins what is known of a mirror. Addresses that the registry no longer has are forgotten. */
export function foldLook(
  before: MirrorHealth | undefined,
  record: Pick<MirrorRecord, 'addresses' | 'downtimes'>,
  look: Look,
  facts: { readonly newest: Issued | undefined; readonly isBlind: boolean },
  policy: HealthPolicy,
): MirrorHealth {
  const planned = downtimeAt(record.downtimes, look.at) !== undefined
  const bad: BadLook = planned ? 'planned' : facts.isBlind ? 'blind' : 'counts'
  const known = before?.addresses.filter(({ address }) => record.addresses.includes(address)) ?? []
  const own = known.find(({ address }) => address === look.address)
  const others = known.filter(({ address }) => address !== look.address)
  const sight = believable(look.sight, facts.newest)
  const folded = foldAddress(own, { ...look, sight }, bad, policy)
  const addresses = [...others, folded].toSorted(
    (a, b) => record.addresses.indexOf(a.address) - record.addresses.indexOf(b.address),
  )
  const health: MirrorHealth = {
    addresses,
    freshAt: before?.freshAt,
    freshInARow: before?.freshInARow ?? 0,
    days: before?.days ?? [],
  }
  const excused = excusedUntil(record.downtimes, look.at)
  const isFresh = sight.kind === 'good' && lagMs(sight, facts.newest, excused) < policy.oldAfterMs
  if (sight.kind === 'bad' && facts.isBlind && !planned) return health
  return {
    ...health,
    freshAt: isFresh ? look.at : health.freshAt,
    freshInARow: freshInARow(health, sight, isFresh),
    days: markDay(
      health.days,
      look.at,
      sight.kind,
      dayState(health, planned, facts.newest, excused, policy),
    ),
  }
}

function freshInARow(health: MirrorHealth, sight: Sight, isFresh: boolean): number {
  const before = health.freshInARow ?? 0
  if (isFresh) return before + 1
  const isAnyUp = health.addresses.some(({ isUp }) => isUp)
  return sight.kind === 'good' || !isAnyUp ? 0 : before
}

/** Nobody can have what was never issued: a mirror that says so is lying, or serves another network. */
function believable(sight: Sight, newest: Issued | undefined): Sight {
  if (sight.kind === 'bad' || newest === undefined) return sight
  if (sight.generation <= newest.generation && sight.serial <= newest.serial) return sight
  return {
    kind: 'bad',
    fault: 'wrong-content',
    reason: `its timestamp claims serial ${sight.serial} generation ${sight.generation}; the newest that was issued is serial ${newest.serial} generation ${newest.generation}`,
  }
}

function dayState(
  health: MirrorHealth,
  planned: boolean,
  newest: Issued | undefined,
  excused: EpochMs | undefined,
  policy: HealthPolicy,
): DayMark['worst'] {
  if (health.addresses.every(({ isUp }) => !isUp)) return planned ? 'planned' : 'bad'
  const best = freshest(health)
  const isStale = best !== undefined && lagMs(best, newest, excused) >= policy.oldAfterMs
  return isStale ? 'stale' : 'good'
}

export function foldAddress(
  before: AddressHealth | undefined,
  { address, at, sight }: Look,
  bad: BadLook,
  policy: HealthPolicy,
): AddressHealth {
  const seen = before === undefined ? undefined : skipUnobserved(before, at, policy)
  const tried = { address, triedAt: at, last: sight }
  if (sight.kind === 'good') {
    const goodInARow = (seen?.goodInARow ?? 0) + 1
    // Without a history there is nothing to doubt: listing it asked for a full check.
    const isUp = seen === undefined || seen.isUp || goodInARow >= policy.goodLooksToUp
    const upSince = seen?.isUp === isUp ? seen.upSince : at
    return { ...tried, isUp, upSince, goodInARow, badInARow: 0, lastGood: { ...sight, at } }
  }
  const lastGood = seen?.lastGood
  switch (bad) {
    case 'blind': {
      const { isUp = false, upSince = at } = seen ?? {}
      return { ...tried, isUp, upSince, goodInARow: 0, badInARow: 0, lastGood }
    }
    case 'planned':
      // The clock of "unavailable" starts when the downtime is over.
      return { ...tried, isUp: false, upSince: at, goodInARow: 0, badInARow: 0, lastGood }
    case 'counts': {
      const badInARow = (seen?.badInARow ?? 0) + 1
      const isUp = seen?.isUp === true && badInARow < policy.failedLooksToDown
      const upSince = seen?.isUp === isUp ? seen.upSince : at
      return { ...tried, isUp, upSince, goodInARow: 0, badInARow, lastGood }
    }
  }
}

/** After a pause, or a clock that was set back, rows start anew and the pause is nobody's downtime. */
function skipUnobserved(before: AddressHealth, at: EpochMs, policy: HealthPolicy): AddressHealth {
  const gap = at - before.triedAt
  if (gap >= 0 && gap <= policy.unobservedMs) return before
  const shifted = before.isUp ? before.upSince : before.upSince + Math.max(0, gap)
  return { ...before, goodInARow: 0, badInARow: 0, upSince: epochMs(Math.min(shifted, at)) }
}
