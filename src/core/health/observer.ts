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
}

/**
 * Judges the observer by what it saw since `since`: a look a mirror, the last of each. Mirrors that were down already
 * tell nothing new, so a network with many dead ones is still watched.
 */
export function judgeObserver(
  healths: Iterable<MirrorHealth>,
  since: EpochMs,
  policy: HealthPolicy,
): Observer {
  const seen = [...healths].flatMap((health) => lately(health, since))
  const skewMs = median(
    seen.flatMap(({ sight }) =>
      sight.kind === 'good' && sight.skewMs !== undefined ? [sight.skewMs] : [],
    ),
  )
  if (skewMs !== undefined && Math.abs(skewMs) > policy.clockSkewMaxMs) {
    return { kind: 'clock-wrong', skewMs }
  }
  const telling = seen.filter(({ wasUp }) => wasUp)
  const failing = telling.filter(({ sight }) => sight.kind === 'bad').length
  const isBlind = telling.length >= SAMPLE_MIN && failing > telling.length * policy.blindShare
  return isBlind ? { kind: 'blind', failing, of: telling.length } : { kind: 'fine' }
}

/** A mirror with several addresses is one witness, and its best address speaks. */
function lately(health: MirrorHealth, since: EpochMs): readonly Seen[] {
  const looked = health.addresses.filter(({ triedAt }) => triedAt >= since)
  const best = looked.find(({ last }) => last.kind === 'good') ?? looked[0]
  if (best === undefined) return []
  return [{ sight: best.last, wasUp: looked.some(({ isUp }) => isUp) }]
}

function median(values: readonly number[]): number | undefined {
  if (values.length < SAMPLE_MIN) return undefined
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
