import type { Generation, Serial } from '#base/names.ts'
import { type EpochMs, toMs } from '#base/time.ts'
import type { Downtime } from '../mirrors/index.ts'
import type { AddressHealth, MirrorHealth, Sight } from './types.ts'

/** The newest timestamp that any master issued: what mirrors are judged against (decision 8). */
export interface Issued {
  readonly serial: Serial
  readonly generation: Generation
  readonly stampedAt: EpochMs
}

type GoodSight = Extract<Sight, { kind: 'good' }>

/**
 * How much older a mirror's timestamp is than the network's newest. The observer's clock is not asked. `excusedUntil`
 * is the end of a planned downtime: what was issued before it is not held against the mirror.
 */
export function lagMs(
  sight: GoodSight,
  newest: Issued | undefined,
  excusedUntil: EpochMs | undefined,
): number {
  if (newest === undefined || sight.generation >= newest.generation) return 0
  const from = Math.max(toMs(sight.stampedAt), excusedUntil ?? 0)
  return Math.max(0, newest.stampedAt - from)
}

/** The end of the last downtime that is over. */
export function excusedUntil(downtimes: readonly Downtime[], at: EpochMs): EpochMs | undefined {
  return downtimes
    .map(({ until }) => until)
    .filter((until) => until <= at)
    .toSorted((a, b) => b - a)[0]
}

/** The best that any of its addresses showed. One that serves fresh data is not made stale by another. */
export function freshest({ addresses }: MirrorHealth): AddressHealth['lastGood'] {
  let best: AddressHealth['lastGood']
  for (const { lastGood } of addresses) {
    if (lastGood !== undefined && lastGood.generation > (best?.generation ?? -1)) best = lastGood
  }
  return best
}
