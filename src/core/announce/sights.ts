import type { Serial } from '#base/names.ts'
import type { EpochMs } from '#base/time.ts'
import type { HealthPolicy, MirrorHealth, Watched } from '../health/index.ts'
import { downtimeAt } from '../mirrors/index.ts'
import type { MirrorSight } from './decide.ts'

/** Guess: a look may come late by a whole round, and one may be lost. */
const LAST_ROUNDS = 3

/**
 * The listed mirrors as the last rounds saw them. One that nobody looked at lately may be well and is waited for; one that
 * was looked at and did not answer is asleep (decision 4). A planned downtime takes no part.
 */
export function mirrorSights(
  mirrors: Iterable<Watched>,
  policy: Pick<HealthPolicy, 'roundMs'>,
  now: EpochMs,
): readonly MirrorSight[] {
  const sights: MirrorSight[] = []
  const since = now - LAST_ROUNDS * policy.roundMs
  for (const { record, health } of mirrors) {
    if (record.stage !== 'listed' || downtimeAt(record.downtimes, now) !== undefined) continue
    const { name, bandwidthMbit } = record
    sights.push({ name, bandwidthMbit, ...sightOf(health, since) })
  }
  return sights
}

/** A mirror serves what all of its addresses serve that clients are sent to. */
function sightOf(
  health: MirrorHealth | undefined,
  since: number,
): Pick<MirrorSight, 'healthy' | 'serial'> {
  const tried = health?.addresses.filter(({ triedAt }) => triedAt >= since) ?? []
  if (tried.length === 0) return { healthy: true, serial: undefined }
  const serials = tried.flatMap(({ isUp, lastGood }): readonly Serial[] =>
    isUp && lastGood !== undefined && lastGood.at >= since ? [lastGood.serial] : [],
  )
  const [lowest] = serials.toSorted((a, b) => a - b)
  return { healthy: lowest !== undefined, serial: lowest }
}
