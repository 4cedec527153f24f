import { describeJsonFault, type JsonCodec } from '#base/json.ts'
import { isPlainName } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { JournalEntry } from '#ports/journal.ts'
import {
  type Records,
  type Revision,
  type Stored,
  StoreError,
  type StorePart,
  type Write,
  type WriteFault,
} from '#ports/store.ts'
import type { SqlAccess } from './access.ts'
import { countChange } from './changes.ts'
import { nextNumbers } from './counters.ts'
import type { SqlRow, SqlSession, SqlValue } from './database.ts'
import { writeEntries } from './journal.ts'
import { numberIn, textIn } from './row.ts'

/** What is kept under a kind: its codec, and the part of the store whose watchers it wakes. */
export interface RecordKind<T> {
  readonly kind: string
  readonly codec: JsonCodec<T>
  readonly part: StorePart
}

/** Rows a statement; the rest goes one by one, so that there are two shapes of statement and not a hundred. */
const ROWS_AT_ONCE = 100

interface Row {
  readonly name: string
  readonly text: string
  readonly revision: Revision
}

export class SqlRecords<T> implements Records<T> {
  readonly #access: SqlAccess
  readonly #of: RecordKind<T>

  constructor(access: SqlAccess, of: RecordKind<T>) {
    this.#access = access
    this.#of = of
  }

  async list(): Promise<readonly Stored<T>[]> {
    const rows = await this.#access.read(
      'SELECT name, value, revision FROM records WHERE kind = $1 ORDER BY name',
      [this.#of.kind],
    )
    return rows.map((row) => this.#stored(row))
  }

  async get(name: string): Promise<Stored<T> | undefined> {
    const [row] = await this.#access.read(
      'SELECT name, value, revision FROM records WHERE kind = $1 AND name = $2',
      [this.#of.kind, name],
    )
    return row === undefined ? undefined : this.#stored(row)
  }

  async put(
    name: string,
    value: T,
    over: Revision | undefined,
    entry?: JournalEntry,
  ): Promise<Outcome<Revision, WriteFault>> {
    const write = { name, value, over, ...(entry === undefined ? {} : { entry }) }
    const [outcome] = await this.putAll([write])
    return outcome ?? fail({ kind: 'absent' })
  }

  async putAll(writes: readonly Write<T>[]): Promise<readonly Outcome<Revision, WriteFault>[]> {
    const texts = writes.map((write) => this.#print(write))
    if (new Set(writes.map(({ name }) => name)).size < writes.length) {
      throw new StoreError('refused', `write one ${this.#of.kind} twice at once`)
    }
    return await this.#access.write(async (session) => {
      const revisions = await this.#revisions(session, writes)
      const faults = writes.map(({ name, over }) => faultOf(revisions.get(name), over))
      const good = writes.flatMap((write, at) => (faults[at] === undefined ? [{ write, at }] : []))
      const last = await nextNumbers(session, 'revision', good.length)
      const rows = good.map(({ write, at }, index) => ({
        name: write.name,
        text: texts[at] ?? '',
        revision: last - good.length + 1 + index,
      }))
      await this.#upsert(session, rows)
      const entries = good.flatMap(({ write }) => (write.entry === undefined ? [] : [write.entry]))
      await writeEntries(session, entries)
      if (rows.length > 0) await countChange(session, this.#of.part)
      const given = new Map(rows.map(({ name, revision }) => [name, revision]))
      return writes.map(({ name }, at) => {
        const fault = faults[at]
        return fault === undefined ? ok(given.get(name) ?? last) : fail(fault)
      })
    })
  }

  async remove(
    name: string,
    over: Revision,
    entry?: JournalEntry,
  ): Promise<Outcome<void, WriteFault>> {
    return await this.#access.write(async (session) => {
      const revision = (await this.#revisions(session, [{ name }])).get(name)
      if (revision === undefined) return fail({ kind: 'absent' })
      if (revision !== over) return fail({ kind: 'changed-meanwhile', revision })
      await session.rows('DELETE FROM records WHERE kind = $1 AND name = $2', [this.#of.kind, name])
      if (entry !== undefined) await writeEntries(session, [entry])
      await countChange(session, this.#of.part)
      return ok(undefined)
    })
  }

  async #revisions(
    session: SqlSession,
    writes: readonly { readonly name: string }[],
  ): Promise<ReadonlyMap<string, Revision>> {
    const revisions = new Map<string, Revision>()
    for (let at = 0; at < writes.length; at += ROWS_AT_ONCE) {
      const names = writes.slice(at, at + ROWS_AT_ONCE).map(({ name }) => name)
      const rows = await session.rows(...this.#revisionsOf(names))
      for (const row of rows) revisions.set(textIn(row, 'name'), numberIn(row, 'revision'))
    }
    return revisions
  }

  /** One shape of statement for one name and one for more, filled up with the last: the whole kind may be large. */
  #revisionsOf(names: readonly string[]): readonly [string, readonly SqlValue[]] {
    const { kind } = this.#of
    const select = 'SELECT name, revision FROM records WHERE kind = $1 AND name'
    if (names.length === 1) return [`${select} = $2`, [kind, ...names]]
    const filled = Array.from({ length: ROWS_AT_ONCE }, (_, at) => names[at] ?? names.at(-1) ?? '')
    return [`${select} IN (${filled.map((_, at) => `$${at + 2}`).join(', ')})`, [kind, ...filled]]
  }

  async #upsert(session: SqlSession, rows: readonly Row[]): Promise<void> {
    const whole = rows.length - (rows.length % ROWS_AT_ONCE)
    for (let at = 0; at < whole; at += ROWS_AT_ONCE) {
      await this.#upsertThese(session, rows.slice(at, at + ROWS_AT_ONCE))
    }
    for (const row of rows.slice(whole)) await this.#upsertThese(session, [row])
  }

  async #upsertThese(session: SqlSession, rows: readonly Row[]): Promise<void> {
    const places = rows.map((_, at) => `($1, $${at * 3 + 2}, $${at * 3 + 3}, $${at * 3 + 4})`)
    const values = rows.flatMap(({ name, text, revision }): SqlValue[] => [name, text, revision])
    await session.rows(
      `INSERT INTO records (kind, name, value, revision) VALUES ${places.join(', ')}
       ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value, revision = excluded.revision`,
      [this.#of.kind, ...values],
    )
  }

  /** What could not be read back is not written. */
  #print({ name, value }: Write<T>): string {
    const { kind, codec } = this.#of
    const text = codec.print(value)
    const again = codec.parse(text)
    if (!isPlainName(name)) throw new StoreError('refused', `write ${kind} "${name}": bad name`)
    if (again.ok) return text
    throw new StoreError('refused', `write ${kind} "${name}": ${describeJsonFault(again.fault)}`)
  }

  #stored(row: SqlRow): Stored<T> {
    const name = textIn(row, 'name')
    const value = this.#of.codec.parse(textIn(row, 'value'))
    if (value.ok) return { name, value: value.value, revision: numberIn(row, 'revision') }
    const reason = describeJsonFault(value.fault)
    throw new StoreError('damaged', `read ${this.#of.kind} "${name}" from the store: ${reason}`)
  }
}

function faultOf(
  revision: Revision | undefined,
  over: Revision | undefined,
): WriteFault | undefined {
  if (revision === over) return undefined
  if (over === undefined) return { kind: 'exists' }
  if (revision === undefined) return { kind: 'absent' }
  return { kind: 'changed-meanwhile', revision }
}
