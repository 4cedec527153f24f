import type { EpochSeconds } from '#base/time.ts'
import { isSameZone } from './network.ts'
import type { Announced, LastGood, ZoneSnapshot } from './snapshot.ts'
import { ZoneView } from './view.ts'

/** Something that the team must know about a zone. */
export type ZoneAlarm =
  | { readonly kind: 'one-behind'; readonly family: 4 | 6 }
  | { readonly kind: 'last-good'; readonly family: 4 | 6 }
  | { readonly kind: 'listed'; readonly family: 4 | 6 }
  | { readonly kind: 'nobody' }
  | { readonly kind: 'announcement-down'; readonly from: number; readonly to: number }
  | { readonly kind: 'silent'; readonly seconds: number }

/** What comes next after `before`: who was good last is remembered, and no announced version ever goes down (promise 2). */
export function succeed(before: ZoneSnapshot | undefined, next: ZoneSnapshot): ZoneSnapshot {
  const announced = newest(before?.announced, next.announced)
  const lastGood = before?.lastGood ?? next.lastGood
  const view = new ZoneView({ ...next, announced, lastGood })
  const after = {
    ...next,
    announced,
    lastGood: { ipv4: goodOf(view, 4) ?? lastGood.ipv4, ipv6: goodOf(view, 6) ?? lastGood.ipv6 },
  }
  return { ...after, serial: before === undefined ? next.serial >>> 0 : serialAfter(before, after) }
}

/** Alarms of a snapshot as it stands. */
export function alarmsOf(snapshot: ZoneSnapshot, now: EpochSeconds): readonly ZoneAlarm[] {
  const view = new ZoneView(snapshot)
  const alarms: ZoneAlarm[] = []
  for (const family of [4, 6] as const) {
    const { tier } = view.pool(family)
    if (tier !== 'announced' && tier !== 'nobody') alarms.push({ kind: tier, family })
  }
  if (view.pool(4).tier === 'nobody' && view.pool(6).tier === 'nobody') {
    alarms.push({ kind: 'nobody' })
  }
  const seconds = now - snapshot.heardAt
  if (seconds > snapshot.authority.expire) alarms.push({ kind: 'silent', seconds })
  return alarms
}

export function describeAlarm(alarm: ZoneAlarm): string {
  switch (alarm.kind) {
    case 'one-behind':
      return `no mirror serves the announced release over IPv${alarm.family}; those one release behind are answered`
    case 'last-good':
      return `no mirror is healthy over IPv${alarm.family}; those that were good last stay in the answers`
    case 'listed':
      return `no mirror was ever healthy over IPv${alarm.family}; all listed ones are answered`
    case 'nobody':
      return 'no mirror is listed: clients find no address'
    case 'announcement-down':
      return `release ${alarm.to} was to be announced after ${alarm.from}; it is not, since a version never goes down`
    case 'silent':
      return `nothing was heard of the network for ${Math.floor(alarm.seconds / 3600)} hours; the update record ages on purpose`
  }
}

/** What `succeed` did not follow. */
export function refusedAnnouncement(
  before: ZoneSnapshot | undefined,
  next: ZoneSnapshot,
): ZoneAlarm | undefined {
  const [from, to] = [before?.announced?.serial, next.announced?.serial]
  if (from === undefined || (to !== undefined && to >= from && !isLower(before, next))) {
    return undefined
  }
  return { kind: 'announcement-down', from, to: to ?? 0 }
}

function newest(before: Announced | undefined, next: Announced | undefined): Announced | undefined {
  if (before === undefined || next === undefined) return next ?? before
  if (next.serial < before.serial || hasLowerVersion(before, next)) return before
  return next
}

function isLower(before: ZoneSnapshot | undefined, next: ZoneSnapshot): boolean {
  if (before?.announced === undefined || next.announced === undefined) return false
  return hasLowerVersion(before.announced, next.announced)
}

/** A database that is no longer named is not lower: it was withdrawn (decision 14). */
function hasLowerVersion(before: Announced, next: Announced): boolean {
  return [...next.versions].some(([name, version]) => version < (before.versions.get(name) ?? 0))
}

/** Secondaries must see every change, also when the source began to count anew (RFC 1982). */
function serialAfter(before: ZoneSnapshot, after: ZoneSnapshot): number {
  const ahead = (after.serial - before.serial) | 0
  if (ahead > 0) return after.serial >>> 0
  return isSameZone(before, after) ? before.serial : (before.serial + 1) >>> 0
}

function goodOf(view: ZoneView, family: 4 | 6): LastGood['ipv4'] | undefined {
  const { tier, members } = view.pool(family)
  if (tier !== 'announced' && tier !== 'one-behind') return undefined
  return [...new Set(members.map(({ mirror }) => mirror.name))]
}
