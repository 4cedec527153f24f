/**
 * What is kept of the statistics between two runs: a JSON document of totals by day, of days that are still open with
 * their hashed clients, and of how far each log was read.
 */
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { DayTotals } from './day.ts'
import type { OpenDay } from './tally.ts'

export interface LogCursor {
  /** Hash of the first line: a log keeps it when it is renamed and when it is compressed. */
  readonly fingerprint: string
  /** Bytes of it that were counted, as they are unpacked. */
  readonly offset: number
  /** It is compressed and was read to its end: it cannot grow. */
  readonly isComplete: boolean
}

export interface KeptStatistics {
  readonly closed: readonly DayTotals[]
  readonly open: readonly OpenDay[]
  /** By day: secret, and gone with the day. */
  readonly salts: ReadonlyMap<string, string>
  readonly cursors: readonly LogCursor[]
}

export const NO_STATISTICS: KeptStatistics = { closed: [], open: [], salts: new Map(), cursors: [] }

export function printStatistics({ closed, open, salts, cursors }: KeptStatistics): string {
  const opened = open.map((day) => ({ ...day, clients: [...day.clients] }))
  return JSON.stringify({ version: 1, closed, open: opened, salts: [...salts], cursors })
}

/** Written by us in one piece, so that it is whole or not ours. */
export function parseStatistics(text: string): Outcome<KeptStatistics, 'not-statistics'> {
  try {
    const kept = JSON.parse(text) as Partial<Record<string, unknown>>
    const { version, closed, open, salts, cursors } = kept
    const lists = [closed, open, salts, cursors]
    if (version !== 1 || !lists.every(Array.isArray)) return fail('not-statistics')
    return ok({
      closed: closed as readonly DayTotals[],
      open: (open as readonly OpenDay[]).map((day) => ({ ...day, clients: new Map(day.clients) })),
      salts: new Map(salts as readonly [string, string][]),
      cursors: cursors as readonly LogCursor[],
    })
  } catch {
    return fail('not-statistics')
  }
}
