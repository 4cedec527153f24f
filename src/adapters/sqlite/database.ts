import { setTimeout as wait } from 'node:timers/promises'
import { StoreError } from '#ports/store.ts'
import type { SqlDatabase, SqlRow, SqlSession, SqlValue } from '../sql/index.ts'
import { away, Connection, identityOf, makeFile } from './connection.ts'
import { isBusy, storeError } from './errors.ts'

/** How soon another process's change is seen. `data_version` costs a look at shared memory. */
const LOOK_EVERY_MS = 200
/** Writers of other processes hold the file for milliseconds; one that holds it this long is stuck. Guess. */
const TURN_TIMEOUT_MS = 10_000
const TURN_LOOK_MS = 20

interface Opened {
  readonly identity: string
  readonly writer: Connection
  /** For what was committed, while a write is under way. */
  readonly reader: Connection
}

/**
 * One SQLite file that several processes share, in WAL mode: readers never wait, writers take turns. A file that is
 * gone or was replaced is noticed at the next use, so that nobody writes into one that no longer has the name.
 */
export class SqliteDatabase implements SqlDatabase {
  readonly #path: string
  #opened: Opened | undefined
  #wasThere = false
  #isClosed = false
  #turn: Promise<unknown> = Promise.resolve()
  readonly #listeners = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined
  #seen: string | undefined

  constructor(path: string) {
    this.#path = path
  }

  async read(statement: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return await this.#patiently(() => this.#open().reader.rows(statement, values))
  }

  write<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => this.#write(work))
    this.#turn = turn.catch(() => {})
    return turn
  }

  onCommit(listener: () => void): Disposable {
    this.#listeners.add(listener)
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref()
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener)
        if (this.#listeners.size > 0) return
        clearInterval(this.#timer)
        this.#timer = undefined
      },
    }
  }

  async #write<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const { writer, identity } = await this.#patiently(() => {
      const opened = this.#open()
      opened.writer.script('BEGIN IMMEDIATE')
      return opened
    })
    const session: SqlSession = {
      rows: async (statement, values) => this.#attempt(() => writer.rows(statement, values)),
      script: async (statements) => this.#attempt(() => writer.script(statements)),
    }
    try {
      const result = await work(session)
      this.#attempt(() => writer.script('COMMIT'))
      if (identityOf(this.#path) !== identity) throw away(this.#path)
      this.#tell()
      return result
    } catch (error) {
      this.#rollBack(writer)
      throw error
    }
  }

  /** Waits, without blocking this process, while another one holds the file. */
  async #patiently<T>(work: () => T): Promise<T> {
    const deadline = performance.now() + TURN_TIMEOUT_MS
    for (;;) {
      try {
        return work()
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw this.#failed(error)
        await wait(TURN_LOOK_MS)
      }
    }
  }

  /** Some failures have ended the transaction already. */
  #rollBack(writer: Connection): void {
    if (writer !== this.#opened?.writer) return
    try {
      if (writer.isInTransaction) writer.script('ROLLBACK')
    } catch {
      this.#close()
    }
  }

  #open(): Opened {
    if (this.#isClosed) throw away(this.#path)
    const there = identityOf(this.#path)
    if (this.#opened !== undefined && this.#opened.identity === there) return this.#opened
    this.#close()
    // A file that was there is waited for; in its place an empty one would be a network without mirrors.
    if (there === undefined && this.#wasThere) throw away(this.#path)
    try {
      makeFile(this.#path)
    } catch (cause) {
      throw away(this.#path, { cause })
    }
    using connections = new DisposableStack()
    const writer = connections.use(new Connection(this.#path, { readOnly: false }))
    const reader = connections.use(new Connection(this.#path, { readOnly: true }))
    const identity = identityOf(this.#path)
    if (identity === undefined) throw away(this.#path)
    connections.move()
    this.#wasThere = true
    this.#opened = { identity, writer, reader }
    return this.#opened
  }

  #attempt<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** After a failure of the world the next use opens the file anew. */
  #failed(error: unknown): unknown {
    const failure = storeError(`use the store "${this.#path}"`, error)
    if (failure instanceof StoreError && !isBusy(error)) this.#close()
    return failure
  }

  #close(): void {
    this.#opened?.reader[Symbol.dispose]()
    this.#opened?.writer[Symbol.dispose]()
    this.#opened = undefined
  }

  /** Away is a state like others: listeners hear when it comes and when it goes. */
  #look(): void {
    let now: string | undefined
    try {
      const { identity, reader } = this.#open()
      now = `${identity} ${reader.dataVersion}`
    } catch {
      now = undefined
    }
    if (now === this.#seen) return
    this.#seen = now
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#listeners.clear()
    await this.#turn
    this.#isClosed = true
    this.#close()
  }
}
