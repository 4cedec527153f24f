import { STORE_PARTS, type StorePart } from '#ports/store.ts'
import type { SqlDatabase, SqlSession } from './database.ts'
import { numberIn, textIn } from './row.ts'

/** Says in the same transaction that a part changed. */
export async function countChange(session: SqlSession, part: StorePart): Promise<void> {
  await session.rows('UPDATE changes SET number = number + 1 WHERE part = $1', [part])
}

/**
 * Tells listeners which parts changed. Numbers are compared, not messages counted, so nothing is missed while the
 * store was away or nobody listened.
 */
export class ChangeWatch implements Disposable {
  readonly #database: SqlDatabase
  readonly #listeners = new Set<(part: StorePart) => void>()
  #known: ReadonlyMap<string, number> = new Map()
  #commits: Disposable | undefined
  #looking = false
  #lookAgain = false

  constructor(database: SqlDatabase) {
    this.#database = database
  }

  add(listener: (part: StorePart) => void): Disposable {
    this.#listeners.add(listener)
    this.#commits ??= this.#database.onCommit(() => this.#wake())
    this.#wake()
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener)
        if (this.#listeners.size === 0) this[Symbol.dispose]()
      },
    }
  }

  /** One look at a time; what comes meanwhile makes one more. */
  #wake(): void {
    this.#lookAgain = true
    if (!this.#looking) void this.#look()
  }

  async #look(): Promise<void> {
    this.#looking = true
    while (this.#lookAgain) {
      this.#lookAgain = false
      // Away: whoever tells commits tells when it is back.
      const now = await this.#read().catch(() => this.#known)
      const changed = STORE_PARTS.filter((part) => now.get(part) !== this.#known.get(part))
      this.#known = now
      for (const part of changed) for (const listener of this.#listeners) listener(part)
    }
    this.#looking = false
  }

  async #read(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.read('SELECT part, number FROM changes')
    return new Map(rows.map((row) => [textIn(row, 'part'), numberIn(row, 'number')]))
  }

  [Symbol.dispose](): void {
    this.#commits?.[Symbol.dispose]()
    this.#commits = undefined
    this.#listeners.clear()
  }
}
