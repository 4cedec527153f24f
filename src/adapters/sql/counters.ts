import type { SqlSession } from './database.ts'
import { numberIn } from './row.ts'

export type Counter = 'revision' | 'serial' | 'generation'

/** Takes `count` numbers; returns the last of them, or the last ever taken where `count` is 0. */
export async function nextNumbers(
  session: SqlSession,
  counter: Counter,
  count: number,
): Promise<number> {
  const [row] = await session.rows(
    'UPDATE counters SET value = value + $2 WHERE name = $1 RETURNING value',
    [counter, count],
  )
  return row === undefined ? 0 : numberIn(row, 'value')
}

/** Numbers up to this one are never given again. */
export async function raise(session: SqlSession, counter: Counter, to: number): Promise<void> {
  await session.rows('UPDATE counters SET value = $2 WHERE name = $1 AND value < $2', [counter, to])
}
