import type { EpochMs } from '#base/time.ts'
import type { HealthPolicy } from './policy.ts'
import type { MirrorHealth, Sight } from './types.ts'

/** Whether the observer may blame anybody (field-notes 1.21). */
export type Observer =
  | { readonly kind: 'fine' }
  /** Its own line failed the self-check. */
  | { readonly kind: 'cut'; readonly reason: string }
  /** Most of what it looked at lately failed. */
  | { readonly kind: 'blind'; readonly failing: number; readonly of: number }
  | { readonly kind: 'clock-wrong'; readonly skewMs: number }

/** Fewer mirrors say nothing about the observer. */
const SAMPLE_MIN = 3

interface Seen {
  readonly sight: Sight
  /** Up before, or not yet counted as down: only their failing is news. */
  readonly wasUp: boolean
  readonly agoMs: number
}

/**
 * Judges the observer by the last look at each mirror. His clock by those of the last round; his sight by those since
 * an address that fails now may first have failed, and by the last round as well. Mirrors that were down already tell nothing new, so a network with
 * many dead ones is still watched.
 */
export function judgeObserver(
  healths: Iterable<MirrorHealth>,
  now: EpochMs,
  policy: HealthPolicy,
): Observer {
  const seen = [...healths].flatMap((health) => lately(health, now, policy))
  const skewMs = median(
    seen.flatMap(({ sight }) =>
      sight.kind === 'good' && sight.skewMs !== undefined ? [sight.skewMs] : [],
    ),
  )
  if (skewMs !== undefined && Math.abs(skewMs) > policy.clockSkewMaxMs) {
    return { kind: 'clock-wrong', skewMs }
  }
  for (const windowMs of [policy.confirmMs * (policy.failedLooksToDown - 1), policy.roundMs]) {
    const telling = seen.filter(({ wasUp, agoMs }) => wasUp && agoMs <= windowMs)
    const failing = telling.filter(({ sight }) => sight.kind === 'bad').length
    if (telling.length >= SAMPLE_MIN && failing > telling.length * policy.blindShare) {
      return { kind: 'blind', failing, of: telling.length }
    }
  }
  return { kind: 'fine' }
}

/** A mirror with several addresses is one witness, and its best address speaks. */
function lately(health: MirrorHealth, now: EpochMs, policy: HealthPolicy): readonly Seen[] {
  const looked = health.addresses.filter(
    ({ triedAt }) => triedAt <= now && now - triedAt <= policy.roundMs,
  )
  const best = looked.find(({ last }) => last.kind === 'good') ?? looked[0]
  if (best === undefined) return []
  const wasUp = looked.some(({ isUp }) => isUp)
  return [{ sight: best.last, wasUp, agoMs: now - best.triedAt }]
}

function median(values: readonly number[]): number | undefined {
  if (values.length < SAMPLE_MIN) return undefined
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
