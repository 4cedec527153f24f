import type { EpochMs, EpochSeconds } from '#base/time.ts'
import { epochMs, toMs } from '#base/time.ts'
import { downtimeAt, type MirrorRecord } from '../mirrors/index.ts'
import { excusedUntil, freshest, type Issued, lagMs } from './freshness.ts'
import type { HealthPolicy } from './policy.ts'
import type { MirrorHealth, SightFault } from './types.ts'

/** How a mirror is now, all addresses together. */
export type Condition =
  /** Nobody looked lately. Nothing is decided on old evidence. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'planned'; readonly until: EpochMs; readonly reason: string }
  /** `looks`: good ones in a row. */
  | { readonly kind: 'good'; readonly looks: number }
  /** Answers again, and has to go on so for a while. */
  | { readonly kind: 'recovering'; readonly looks: number }
  | {
      readonly kind: 'stale'
      readonly since: EpochMs
      readonly lagMs: number
      readonly stampedAt: EpochSeconds
    }
  | {
      readonly kind: 'unreachable'
      readonly since: EpochMs
      readonly fault: SightFault
      readonly reason: string
    }

export function conditionOf(
  record: Pick<MirrorRecord, 'downtimes'>,
  health: MirrorHealth | undefined,
  newest: Issued | undefined,
  policy: HealthPolicy,
  now: EpochMs,
): Condition {
  const planned = downtimeAt(record.downtimes, now)
  if (planned !== undefined) {
    return { kind: 'planned', until: planned.until, reason: planned.reason }
  }
  const addresses = health?.addresses.filter((one) => now - one.triedAt <= policy.unobservedMs)
  if (health === undefined || addresses === undefined || addresses.length === 0) {
    return { kind: 'unknown' }
  }
  const excused = excusedUntil(record.downtimes, now)
  const up = addresses.filter(({ isUp }) => isUp)
  const looks = Math.max(...addresses.map(({ goodInARow }) => goodInARow))
  if (up.length === 0) {
    if (looks > 0) return { kind: 'recovering', looks }
    return unreachableSince(addresses, excused)
  }
  const best = freshest(health)
  // Up only because the observer could not judge lately: what was seen before that proves nothing now.
  if (best === undefined || now - best.at > policy.unobservedMs) return { kind: 'unknown' }
  const lag = lagMs(best, newest, excused)
  if (lag < policy.oldAfterMs) {
    return { kind: 'good', looks: Math.min(looks, health.freshInARow ?? 0) }
  }
  const since = epochMs(Math.max(toMs(best.stampedAt), excused ?? 0))
  return { kind: 'stale', since, lagMs: lag, stampedAt: best.stampedAt }
}

function unreachableSince(
  addresses: MirrorHealth['addresses'],
  excused: EpochMs | undefined,
): Condition {
  const since = epochMs(Math.max(...addresses.map(({ upSince }) => upSince), excused ?? 0))
  const last = addresses.map(({ last: sight }) => sight).find((sight) => sight.kind === 'bad')
  // No address has a good look in its row, so each ended with a bad one.
  const { fault, reason } = last ?? { fault: 'unreachable' as const, reason: 'no answer' }
  return { kind: 'unreachable', since, fault, reason }
}
