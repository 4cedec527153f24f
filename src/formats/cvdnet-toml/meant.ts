/** Beyond so many changed letters two words have nothing to do with each other. */
const DISTANCE_MAX = 3

/** The known word that a mistyped one is nearest to, if any is near. */
export function meantBy(typed: string, known: readonly string[]): string | undefined {
  const near = known
    .map((word) => ({ word, distance: distance(typed.toLowerCase().replaceAll('-', '_'), word) }))
    .filter((one) => one.distance <= Math.min(DISTANCE_MAX, Math.floor(one.word.length / 2)))
    .sort((a, b) => a.distance - b.distance)
  return near[0]?.word ?? known.find((word) => word.startsWith(typed) && typed.length > 2)
}

/** Levenshtein's: letters to insert, drop or change. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > DISTANCE_MAX) return DISTANCE_MAX + 1
  let row = Array.from({ length: b.length + 1 }, (_none, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
