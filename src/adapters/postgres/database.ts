import pg from 'pg'
import type { SqlDatabase, SqlRow, SqlSession, SqlValue } from '../sql/index.ts'
import { storeError } from './errors.ts'
import { Listener } from './listener.ts'

/** Few: a process reads a little and writes in turns. */
const CONNECTIONS_MAX = 4
const CONNECT_TIMEOUT_MS = 5000
/** Statements take milliseconds. The server ends one at this, the client stops waiting a little later. */
const STATEMENT_TIMEOUT_MS = 30_000
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5000
/** A writer that stands still in its turn, or whose machine is gone, is put out after this. */
const STANDSTILL_TIMEOUT_MS = 10_000
const TURN_TIMEOUT_MS = 20_000
/** "cvdn": the lock that makes writers take turns, as SQLite has them; everything above relies on it. */
const TURN_LOCK = 0x6376646e
const INT8 = 20

/** A PostgreSQL database that several machines share. It comes and goes; the next use tries again. */
export class PostgresDatabase implements SqlDatabase {
  readonly #config: pg.PoolConfig
  readonly #pool: pg.Pool
  readonly #listeners = new Set<() => void>()
  #listener: Listener | undefined

  /** `url` as libpq writes it: `postgres://user:password@host/database?sslmode=verify-full`. */
  constructor(url: string) {
    this.#config = {
      connectionString: url,
      application_name: 'cvdnet',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: STANDSTILL_TIMEOUT_MS,
      lock_timeout: TURN_TIMEOUT_MS,
      keepAlive: true,
      types: { getTypeParser: numberParser },
      max: CONNECTIONS_MAX,
      allowExitOnIdle: true,
    }
    this.#pool = new pg.Pool(this.#config)
    // A connection that is lost fails whoever uses it, and is replaced at the next use.
    this.#pool.on('error', () => {})
    this.#pool.on('connect', (client) => client.on('error', () => {}))
  }

  async read(statement: string, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    try {
      return (await this.#pool.query(statement, [...values])).rows
    } catch (error) {
      throw storeError(error)
    }
  }

  async write<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const client = await this.#connect()
    let broken = true
    try {
      await client.query('BEGIN')
      await client.query('SELECT pg_advisory_xact_lock($1)', [TURN_LOCK])
      const result = await work(sessionOf(client))
      await client.query('COMMIT')
      broken = false
      return result
    } catch (error) {
      broken = !(await rolledBack(client))
      throw storeError(error)
    } finally {
      client.release(broken)
    }
  }

  onCommit(listener: () => void): Disposable {
    this.#listeners.add(listener)
    this.#listener ??= new Listener(this.#config, () => {
      for (const told of this.#listeners) told()
    })
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (error) {
      throw storeError(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear()
    await this.#listener?.[Symbol.asyncDispose]()
    if (!this.#pool.ending) await this.#pool.end()
  }
}

function sessionOf(client: pg.PoolClient): SqlSession {
  return {
    rows: async (statement, values = []) => (await client.query(statement, [...values])).rows,
    script: async (statements) => {
      await client.query(statements)
    },
  }
}

async function rolledBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK')
    return true
  } catch {
    return false
  }
}

/** Whole numbers of eight bytes come as text; ours are all below 2^53. */
function numberParser(oid: number, format?: 'text' | 'binary') {
  return oid === INT8 ? Number : pg.types.getTypeParser(oid, format)
}
