import { type Generation, generation, type Serial, serial } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type EpochMs, epochMs } from '#base/time.ts'
import { parseRelease, printRelease } from '#core/release/index.ts'
import type { JournalEntry } from '#ports/journal.ts'
import {
  type Announced,
  type AnnounceFault,
  type CommitFault,
  type Head,
  type ReleaseStore,
  StoreError,
} from '#ports/store.ts'
import type { SqlAccess } from './access.ts'
import { countChange } from './changes.ts'
import { type Counter, nextNumbers, raise } from './counters.ts'
import type { SqlRow, SqlSession } from './database.ts'
import { writeEntries } from './journal.ts'
import { madeIn, numberIn, textIn } from './row.ts'

/** Guess: most of a year at four releases a day. Each names all of its files. */
const HEADS_KEPT = 1000
const HEAD = 'SELECT serial, generation, release, master, committed_at FROM heads'

export class SqlReleases implements ReleaseStore {
  readonly #access: SqlAccess

  constructor(access: SqlAccess) {
    this.#access = access
  }

  async head(): Promise<Head | undefined> {
    const [head] = await this.history(1)
    return head
  }

  async history(limit: number): Promise<readonly Head[]> {
    const rows = await this.#access.read(`${HEAD} ORDER BY serial DESC LIMIT $1`, [limit])
    return rows.map(headIn)
  }

  async reserveSerial(above?: Serial): Promise<Serial> {
    return await this.#reserve('serial', above ?? 0, serial)
  }

  async reserveGeneration(above?: Generation): Promise<Generation> {
    return await this.#reserve('generation', above ?? 0, generation)
  }

  async #reserve<T>(
    counter: Counter,
    above: number,
    make: (value: number) => T | undefined,
  ): Promise<T> {
    return await this.#access.write(async (session) => {
      await raise(session, counter, above)
      const number = make(await nextNumbers(session, counter, 1))
      if (number === undefined) throw new StoreError('damaged', `count the next ${counter}`)
      return number
    })
  }

  async commit(
    head: Head,
    over: Generation | undefined,
    entry?: JournalEntry,
  ): Promise<Outcome<void, CommitFault>> {
    return await this.#access.write(async (session) => {
      const before = await numbersOfHead(session)
      const isAbove =
        head.generation > (before.generation ?? -1) && head.release.serial >= (before.serial ?? -1)
      if (before.generation !== over || !isAbove) return fail({ kind: 'overtaken', ...before })
      await session.rows(
        `INSERT INTO heads (serial, generation, release, master, committed_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (serial) DO UPDATE SET generation = excluded.generation, release = excluded.release,
           master = excluded.master, committed_at = excluded.committed_at`,
        [
          head.release.serial,
          head.generation,
          printRelease(head.release),
          head.master,
          head.committedAt,
        ],
      )
      await session.rows(
        'DELETE FROM heads WHERE serial <= (SELECT serial FROM heads ORDER BY serial DESC LIMIT 1 OFFSET $1)',
        [HEADS_KEPT],
      )
      await raise(session, 'serial', head.release.serial)
      await raise(session, 'generation', head.generation)
      if (entry !== undefined) await writeEntries(session, [entry])
      await countChange(session, 'releases')
      return ok(undefined)
    })
  }

  async announced(): Promise<Announced | undefined> {
    const [row] = await this.#access.read('SELECT serial, at FROM announced')
    if (row === undefined) return undefined
    return { serial: madeIn(row, 'serial', serial), at: epochMs(numberIn(row, 'at')) }
  }

  async announce(
    number: Serial,
    at: EpochMs,
    entry?: JournalEntry,
  ): Promise<Outcome<void, AnnounceFault>> {
    return await this.#access.write(async (session) => {
      const [known] = await session.rows('SELECT serial FROM heads WHERE serial = $1', [number])
      if (known === undefined) return fail({ kind: 'unknown-release' })
      const [row] = await session.rows('SELECT serial FROM announced')
      const before = row === undefined ? undefined : madeIn(row, 'serial', serial)
      if (before === number) return ok(undefined)
      if (before !== undefined && before > number)
        return fail({ kind: 'overtaken', serial: before })
      await session.rows('DELETE FROM announced')
      await session.rows('INSERT INTO announced (serial, at) VALUES ($1, $2)', [number, at])
      if (entry !== undefined) await writeEntries(session, [entry])
      await countChange(session, 'releases')
      return ok(undefined)
    })
  }
}

async function numbersOfHead(session: SqlSession): Promise<Omit<CommitFault, 'kind'>> {
  const [row] = await session.rows(
    'SELECT serial, generation FROM heads ORDER BY serial DESC LIMIT 1',
  )
  if (row === undefined) return { serial: undefined, generation: undefined }
  return {
    serial: madeIn(row, 'serial', serial),
    generation: madeIn(row, 'generation', generation),
  }
}

function headIn(row: SqlRow): Head {
  const number = madeIn(row, 'serial', serial)
  const release = parseRelease(textIn(row, 'release'))
  if (!release.ok) {
    throw new StoreError('damaged', `read release ${number}: ${release.fault.reason}`)
  }
  return {
    release: release.value,
    generation: madeIn(row, 'generation', generation),
    master: textIn(row, 'master'),
    committedAt: epochMs(numberIn(row, 'committed_at')),
  }
}
