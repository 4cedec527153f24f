import { placeName } from '#core/update/index.ts'
import type { ClientEnd } from '#roles/update/index.ts'
import { CommandEnd, EXIT } from '../../io.ts'

/** An end without a run, in the same shape. */
export function faultJson(error: unknown) {
  const status = error instanceof CommandEnd ? error.status : EXIT.world
  const reason = error instanceof Error ? error.message : String(error)
  return { status, reason, databases: [], custom: [] }
}

/** A run for programs: what became of each database, in the words of `core/update`. */
export function endJson(end: ClientEnd) {
  if (end.kind === 'keeps-still') {
    return { status: end.status, leftAloneUntil: end.until, databases: [], custom: [] }
  }
  const { report, status } = end
  return {
    status,
    databases: [...report.databases].map(([name, { kind, ...rest }]) => ({
      name,
      result: kind,
      ...rest,
    })),
    custom: [...report.custom].map(([url, { kind, ...rest }]) => ({
      url: placeName(new URL(url)),
      result: kind,
      ...rest,
    })),
  }
}
