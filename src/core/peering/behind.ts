import type { DbName, DbVersion, Serial } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { Release } from '../release/index.ts'

/** A master that lacks the newest release would take something back by publishing. */
export interface BehindFault {
  readonly kind: 'behind-another-master'
  readonly serial: Serial
  /** The master that has it. */
  readonly master: string
  /** What would go down or vanish: path, version there, version here. */
  readonly lost: readonly {
    readonly path: string
    readonly there: DbVersion
    readonly here: DbVersion | undefined
  }[]
}

/**
 * May `next` follow `head`, a release that another master made public and that could not be fetched from it? Only when
 * nothing goes down: a sigmaker who releases the same or newer on this master loses nothing by the other's absence,
 * while anything else waits for it (R105: a release is never replaced by a lower one).
 */
export function mayFollow(
  head: { readonly release: Release; readonly master: string } | undefined,
  next: Release,
): Outcome<void, BehindFault> {
  if (head === undefined) return ok(undefined)
  const lost: BehindFault['lost'][number][] = []
  for (const file of head.release.files.values()) {
    if (file.kind !== 'database' && file.kind !== 'plain' && file.kind !== 'set') continue
    const here = next.files.get(file.path)
    // A plain set may drop a file in a newer version; the set itself tells that it is newer.
    if (file.kind === 'plain' && here === undefined && isNewerSet(next, file)) continue
    if (here === undefined || here.version < file.version) {
      lost.push({ path: file.path, there: file.version, here: here?.version })
    }
  }
  if (lost.length === 0) return ok(undefined)
  const { serial } = head.release
  return fail({ kind: 'behind-another-master', serial, master: head.master, lost })
}

function isNewerSet(
  next: Release,
  { name, version }: { readonly name: DbName; readonly version: DbVersion },
): boolean {
  const set = next.files.get(`${name}.set`)
  return set !== undefined && set.version > version
}

export function describeBehind({ serial, master, lost }: BehindFault): string {
  const what = lost
    .slice(0, LOST_SHOWN)
    .map(({ path, there, here }) =>
      here === undefined ? `${path} would vanish` : `${path} would go from ${there} to ${here}`,
    )
    .join(', ')
  const more = lost.length > LOST_SHOWN ? ` and ${lost.length - LOST_SHOWN} more` : ''
  return (
    `${master} has release ${serial}, which cannot be fetched from there now; ${what}${more}. ` +
    `Wait until ${master} is back, or release there`
  )
}

const LOST_SHOWN = 5
