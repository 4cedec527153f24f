import { parseUpdateRecord, type UpdateRecord } from '#formats/update-record/index.ts'

/** What one name server was seen telling. */
export interface ServerSight {
  readonly server: string
  readonly serial: number
  /** Text of `current.cvd`. */
  readonly record: string | undefined
}

/** Name servers must tell the same: one that is behind shows clients a version that goes down (field-notes 1.13). */
export type Disagreement =
  | { readonly kind: 'serial-behind'; readonly server: string; readonly by: number }
  | { readonly kind: 'no-record'; readonly server: string }
  | { readonly kind: 'bad-record'; readonly server: string }
  | { readonly kind: 'other-versions'; readonly server: string; readonly newest: string }

/** The time in the record may differ by its steps; the versions may not. */
export function disagreements(sights: readonly ServerSight[]): readonly Disagreement[] {
  const newest = sights.reduce<ServerSight | undefined>(
    (best, one) => (best === undefined || isSerialAfter(one.serial, best.serial) ? one : best),
    undefined,
  )
  if (newest === undefined) return []
  const wanted = versionsIn(newest.record)
  return sights.flatMap((sight): readonly Disagreement[] => {
    const { server, serial, record } = sight
    const by = (newest.serial - serial) >>> 0
    const behind: readonly Disagreement[] = by > 0 ? [{ kind: 'serial-behind', server, by }] : []
    if (record === undefined) {
      return newest.record === undefined ? behind : [...behind, { kind: 'no-record', server }]
    }
    const versions = versionsIn(record)
    if (versions === undefined) return [...behind, { kind: 'bad-record', server }]
    if (wanted === undefined || versions === wanted) return behind
    return [...behind, { kind: 'other-versions', server, newest: newest.server }]
  })
}

/** RFC 1982. */
export function isSerialAfter(one: number, other: number): boolean {
  return ((one - other) | 0) > 0
}

export function describeDisagreement(one: Disagreement): string {
  switch (one.kind) {
    case 'serial-behind':
      return `${one.server} is ${one.by} serial(s) behind`
    case 'no-record':
      return `${one.server} has no update record, others have`
    case 'bad-record':
      return `the update record of ${one.server} cannot be read`
    case 'other-versions':
      return `${one.server} tells other versions than ${one.newest}`
  }
}

/** The record without its time. */
function versionsIn(record: string | undefined): string | undefined {
  const parsed = parseUpdateRecord(record ?? '')
  if (!parsed.ok) return undefined
  const { createdAt: _, ...versions }: UpdateRecord = parsed.value
  return JSON.stringify(versions)
}
