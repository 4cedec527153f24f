import { parseUpdateRecord, type UpdateRecord } from '#formats/update-record/index.ts'

/** What one name server was seen telling. */
export interface ServerSight {
  readonly server: string
  readonly serial: number
  /** Of the SOA, without the serial. */
  readonly authority: string
  readonly nameServers: readonly string[]
  /** Text of `current.cvd`. */
  readonly record: string | undefined
}

/** Name servers must tell the same: one that is behind shows clients a version that goes down (field-notes 1.13). */
export type Disagreement = { readonly server: string } & (
  | { readonly kind: 'other-serial'; readonly serial: number; readonly newest: ServerSight }
  | { readonly kind: 'other-name-servers'; readonly own: string; readonly newest: ServerSight }
  | { readonly kind: 'other-authority'; readonly own: string; readonly newest: ServerSight }
  | { readonly kind: 'no-record' }
  | { readonly kind: 'bad-record' }
  | { readonly kind: 'other-versions'; readonly newest: ServerSight }
)

/**
 * What each tells otherwise than the one with the newest serial. The serial is that of a content, so another one is another
 * content, or one that comes a moment later; the time in the record may differ by its steps, the versions may not.
 */
export function disagreements(sights: readonly ServerSight[]): readonly Disagreement[] {
  const newest = sights.reduce<ServerSight | undefined>(
    (best, one) => (best === undefined || isSerialAfter(one.serial, best.serial) ? one : best),
    undefined,
  )
  if (newest === undefined) return []
  return sights.flatMap((sight) => [
    ...settingsApart(sight, newest),
    ...recordApart(sight, newest, versionsIn(newest.record)),
  ])
}

function settingsApart(sight: ServerSight, newest: ServerSight): readonly Disagreement[] {
  const { server, serial, authority } = sight
  const own = namesOf(sight)
  return [
    ...(serial === newest.serial
      ? []
      : [{ kind: 'other-serial', server, serial, newest } as const]),
    ...(own === namesOf(newest)
      ? []
      : [{ kind: 'other-name-servers', server, own, newest } as const]),
    ...(authority === newest.authority
      ? []
      : [{ kind: 'other-authority', server, own: authority, newest } as const]),
  ]
}

function recordApart(
  { server, record }: ServerSight,
  newest: ServerSight,
  wanted: string | undefined,
): readonly Disagreement[] {
  if (record === undefined)
    return newest.record === undefined ? [] : [{ kind: 'no-record', server }]
  const versions = versionsIn(record)
  if (versions === undefined) return [{ kind: 'bad-record', server }]
  return wanted === undefined || versions === wanted
    ? []
    : [{ kind: 'other-versions', server, newest }]
}

/** RFC 1982. */
export function isSerialAfter(one: number, other: number): boolean {
  return ((one - other) | 0) > 0
}

export function describeDisagreement(one: Disagreement): string {
  switch (one.kind) {
    case 'other-serial':
      return `${one.server} is at serial ${one.serial}, ${one.newest.server} at ${one.newest.serial}: it does not hear of changes, its clock is wrong, or its settings are not those of the other`
    case 'other-name-servers':
      return `${one.server} names ${one.own} as name servers, ${one.newest.server} names ${namesOf(one.newest)}: their settings ([[dns.name_servers]]) must be the same`
    case 'other-authority':
      return `${one.server} has "${one.own}" in its SOA, ${one.newest.server} "${one.newest.authority}": their settings must be the same`
    case 'no-record':
      return `${one.server} has no update record, others have`
    case 'bad-record':
      return `the update record of ${one.server} cannot be read`
    case 'other-versions':
      return `${one.server} tells other versions than ${one.newest.server}`
  }
}

function namesOf({ nameServers }: ServerSight): string {
  return nameServers.length === 0 ? 'nobody' : nameServers.join(', ')
}

/** The record without its time. */
function versionsIn(record: string | undefined): string | undefined {
  const parsed = parseUpdateRecord(record ?? '')
  if (!parsed.ok) return undefined
  const { createdAt: _, ...versions }: UpdateRecord = parsed.value
  return JSON.stringify(versions)
}
