import type { SqlDatabase, SqlRow, SqlSession, SqlValue } from './database.ts'
import { bringUp, type Migrations, migrate } from './migrate.ts'

/** The database with our schema in it, brought to the newest before the first use, however late that comes. */
export class SqlAccess {
  readonly #database: SqlDatabase
  readonly #migrations: Migrations
  #ready: Promise<void> | undefined

  constructor(database: SqlDatabase, migrations: Migrations) {
    this.#database = database
    this.#migrations = migrations
  }

  async read(statement: string, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    await this.ready()
    return await this.#database.read(statement, values)
  }

  async write<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    await this.ready()
    return await this.#database.write(async (session) => {
      await bringUp(session, this.#migrations)
      return await work(session)
    })
  }

  /** A failure is not remembered: the next use tries again. */
  async ready(): Promise<void> {
    this.#ready ??= migrate(this.#database, this.#migrations)
    try {
      await this.#ready
    } catch (error) {
      this.#ready = undefined
      throw error
    }
  }
}
