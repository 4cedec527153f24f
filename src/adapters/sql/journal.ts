import { listOf, parseJson, text } from '#base/json.ts'
import { epochMs } from '#base/time.ts'
import type { JournalEntry } from '#ports/journal.ts'
import { type EntryId, type JournalStore, type StoredEntry, StoreError } from '#ports/store.ts'
import type { SqlAccess } from './access.ts'
import { countChange } from './changes.ts'
import type { SqlRow, SqlSession, SqlValue } from './database.ts'
import { numberIn, textIn } from './row.ts'

/** Bounds what a damaged row can make us hold. */
const REASONS_MAX = 100_000
const REASON_CHARS_MAX = 1_000_000
const readWhy = listOf(text(REASON_CHARS_MAX), REASONS_MAX)

/** In the transaction of what it tells of. */
export async function writeEntries(
  session: SqlSession,
  entries: readonly JournalEntry[],
): Promise<void> {
  if (entries.length === 0) return
  for (const { at, who, what, subject, why } of entries) {
    await session.rows(
      'INSERT INTO journal (at, who, what, subject, why) VALUES ($1, $2, $3, $4, $5)',
      [at, storable(who), storable(what), storable(subject), JSON.stringify(why)],
    )
  }
  await countChange(session, 'journal')
}

export class SqlJournal implements JournalStore {
  readonly #access: SqlAccess

  constructor(access: SqlAccess) {
    this.#access = access
  }

  async append(entry: JournalEntry): Promise<void> {
    await this.appendAll([entry])
  }

  async appendAll(entries: readonly JournalEntry[]): Promise<void> {
    await this.#access.write((session) => writeEntries(session, entries))
  }

  async read(query: {
    readonly limit: number
    readonly subject?: string
    readonly before?: EntryId
  }): Promise<readonly StoredEntry[]> {
    const values: SqlValue[] = [query.limit, query.before ?? Number.MAX_SAFE_INTEGER]
    const ofSubject = query.subject === undefined ? '' : 'AND subject = $3'
    if (query.subject !== undefined) values.push(storable(query.subject))
    const rows = await this.#access.read(
      `SELECT id, at, who, what, subject, why FROM journal WHERE id < $2 ${ofSubject} ORDER BY id DESC LIMIT $1`,
      values,
    )
    return rows.map(entryIn)
  }
}

function entryIn(row: SqlRow): StoredEntry {
  const id = numberIn(row, 'id')
  const why = parseJson(textIn(row, 'why'), readWhy)
  if (!why.ok) throw new StoreError('damaged', `read journal entry ${id}: its reasons are no list`)
  return {
    id: id as EntryId,
    at: epochMs(numberIn(row, 'at')),
    who: textIn(row, 'who'),
    what: textIn(row, 'what'),
    subject: textIn(row, 'subject'),
    why: why.value,
  }
}

/** PostgreSQL keeps no NUL in a text, and neither of the two half a character. */
function storable(words: string): string {
  return words.replaceAll('\0', '\u{fffd}').toWellFormed()
}
