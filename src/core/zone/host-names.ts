import type { ZoneSnapshot } from './snapshot.ts'

/** Labels at the top of the zone that mean something by themselves. */
export const RESERVED_LABELS = ['database', 'db', 'cvd', 'rsync'] as const

/** Names that two hosts, or a host and the zone itself, would answer to. */
export function namesTakenTwice(
  snapshot: Pick<ZoneSnapshot, 'nameServers' | 'masters' | 'mirrors'>,
): readonly string[] {
  const seen = new Set<string>(RESERVED_LABELS)
  const twice: string[] = []
  for (const { name } of [...snapshot.nameServers, ...snapshot.masters, ...snapshot.mirrors]) {
    if (seen.has(name)) twice.push(name)
    seen.add(name)
  }
  return twice
}
