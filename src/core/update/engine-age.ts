/** Whether an engine is older than the newest: numbers between dots, as many as there are. A `-rc` or `-beta` is not judged. */
export function isOlderEngine(own: string, newest: string): boolean {
  if (!/^\d+(?:\.\d+)*$/.test(own)) return false
  const [mine, its] = [own, newest].map((text) => text.split('.').map(Number))
  if (mine === undefined || its === undefined) return false
  for (let at = 0; at < Math.max(mine.length, its.length); at++) {
    const difference = (mine[at] ?? 0) - (its[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
