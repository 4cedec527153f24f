import { chmodSync, closeSync, constants, openSync, statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StoreError } from '#ports/store.ts'
import type { SqlRow, SqlValue } from '../sql/index.ts'

/** Blocks this process, so it is short; a writer who needs longer is waited for without blocking. */
const BUSY_TIMEOUT_MS = 50
/** A log beyond this is cut when it has been taken over into the file. Guess. */
const LOG_BYTES_KEPT = 16 * 1024 * 1024

/** One connection to the file, its statements prepared once. */
export class Connection implements Disposable {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(path: string, options: { readonly readOnly: boolean }) {
    this.#database = new DatabaseSync(path, { ...options, timeout: BUSY_TIMEOUT_MS })
    this.#database.exec('PRAGMA trusted_schema = OFF')
    if (options.readOnly) return
    // FULL: a number that was given out is on disk before anybody uses it, also after a power cut.
    this.#database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${LOG_BYTES_KEPT}`,
    )
  }

  rows(statement: string, values: readonly SqlValue[] = []): readonly SqlRow[] {
    let prepared = this.#statements.get(statement)
    if (prepared === undefined) {
      prepared = this.#database.prepare(statement)
      this.#statements.set(statement, prepared)
    }
    const named = Object.fromEntries(values.map((value, at) => [`$${at + 1}`, value]))
    return prepared.all(named)
  }

  script(statements: string): void {
    this.#database.exec(statements)
  }

  get isInTransaction(): boolean {
    return this.#database.isTransaction
  }

  /** Grows when another connection, of whatever process, has committed. */
  get dataVersion(): number {
    return Number(this.rows('PRAGMA data_version')[0]?.['data_version'])
  }

  [Symbol.dispose](): void {
    this.#statements.clear()
    this.#database.close()
  }
}

/** Which file lies there; undefined when there is none. A file that was put in its place is another one. */
export function identityOf(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

/** Passwords are in it. SQLite gives the files beside it the same permissions. */
export function makeFile(path: string): void {
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600))
  chmodSync(path, 0o600)
}

export function away(path: string, options?: ErrorOptions): StoreError {
  return new StoreError('away', `reach the store "${path}"`, options)
}
