import { fetchTotals } from '#adapters/http-check/index.ts'
import { type MirrorRecord, statisticsPlace } from '#core/mirrors/index.ts'
import type { PageFacts } from './page-facts.ts'

export interface TotalsWorld {
  readonly zone: string
  readonly mirrors: () => readonly MirrorRecord[]
  readonly facts: Pick<PageFacts, 'noteTotals'>
}

/** Asked at once; each is bounded, and a hundred of them take a minute when all are silent. */
const MIRRORS_AT_ONCE = 30

/**
 * Asks every mirror that may offer its traffic for it. One that does not, or cannot be asked, is nobody's fault: what it said before
 * holds for the days that it was about. Throws the signal's reason only.
 */
export async function gatherTotals(
  { zone, mirrors, facts }: TotalsWorld,
  signal: AbortSignal,
): Promise<void> {
  const waiting = mirrors().values()
  const ask = async (): Promise<void> => {
    for (const mirror of waiting) {
      const place = statisticsPlace(mirror, zone)
      if (place === undefined) continue
      const totals = await fetchTotals(place, { signal })
      if (totals.ok) facts.noteTotals(mirror.name, totals.value)
    }
  }
  await Promise.all(Array.from({ length: MIRRORS_AT_ONCE }, ask))
}
