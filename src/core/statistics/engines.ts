/**
 * Until when an engine gets databases and fixes, noted by hand: no file that we have holds ClamAV's own dates. A feature release is left when the one after the
 * next is out, a long-term one after its three years. What came after the newest that is known here is taken for supported, and
 * the page says so, since no list of ours can know what is announced tomorrow.
 */
export const ENDS_NOTED = 'November 2026'
const ENDS: Readonly<Record<string, string>> = {
  '1.0': '2025-11-28',
  '1.1': '2023-12-26',
  '1.2': '2024-09-04',
  '1.3': '2025-01-06',
  '1.4': '2027-08-15',
}
export const NEWEST_KNOWN: readonly [number, number] = [1, 4]

export type Support = 'supported' | 'ended' | 'unknown'

/** `day` as `2026-11-24`. */
export function supportOf(engine: string, day: string): Support {
  const [major, minor = 0] = engine.split('.').map(Number)
  if (major === undefined || Number.isNaN(major)) return 'unknown'
  const end = ENDS[`${major}.${minor}`]
  if (end !== undefined) return day > end ? 'ended' : 'supported'
  // Dates of 2003 stand where versions do now.
  const isNewer =
    major < 2000 && (major > NEWEST_KNOWN[0] || (major === 1 && minor > NEWEST_KNOWN[1]))
  return isNewer ? 'supported' : 'ended'
}
