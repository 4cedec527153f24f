import type { ZoneSnapshot } from './snapshot.ts'

/** Labels at the top of the zone that mean something by themselves. */
export const RESERVED_LABELS = ['database', 'db', 'cvd', 'rsync'] as const

/** One label of a host name (RFC 1123, 2.1), small. Underscores are no part of a host's name, but in use. */
export function isHostLabel(text: string): boolean {
  return /^(?=.{1,63}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/.test(text)
}

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
