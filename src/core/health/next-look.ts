import { type EpochMs, epochMs } from '#base/time.ts'
import type { HealthPolicy } from './policy.ts'
import type { AddressHealth } from './types.ts'

/** Looks of one address keep their distance up to this share, so that no two mirrors march in step. */
const JITTER = 0.25

/** The first look at an address: somewhere in the round, by chance (R111, decided). */
export function firstLookAt(start: EpochMs, policy: HealthPolicy, draw: () => number): EpochMs {
  return epochMs(start + Math.floor(policy.roundMs * draw()))
}

/**
 * When an address is looked at again. One that is up and just failed is asked soon, so that a dead mirror leaves the
 * answers within minutes; everybody else waits a round.
 */
export function nextLookAt(
  health: AddressHealth | undefined,
  from: EpochMs,
  policy: HealthPolicy,
  draw: () => number,
): EpochMs {
  const isInDoubt = health?.isUp === true && health.last.kind === 'bad'
  const ms = isInDoubt ? Math.min(policy.confirmMs, policy.roundMs) : policy.roundMs
  return epochMs(from + Math.round(ms * (1 - JITTER + 2 * JITTER * draw())))
}
