import { existsSync, rmSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import { neighbour, putInPlace, syncFile } from '../disk/index.ts'
import { makeFile } from './connection.ts'
import { isBusy, primaryCode, storeError } from './errors.ts'
import { SQLITE_MIGRATIONS } from './open.ts'

/** "cvdn", as the first migration writes it. */
const APPLICATION_ID = 0x6376646e
/** More pages than any store has; the largest number that SQLite's function takes. */
const PAGES_MAX = 0x7fffffff
/** SQLite's log and its index. */
const BESIDE = ['-wal', '-shm']

export type BackupErrorCode =
  | 'not-a-store'
  | 'damaged'
  | 'too-new'
  | 'in-use'
  | 'newer-there'
  | 'exists'

export class BackupError extends Error {
  override readonly name = 'BackupError'
  readonly code: BackupErrorCode

  constructor(code: BackupErrorCode, action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

/** What is in a file, after it was looked through from end to end. */
export interface StoreSummary {
  readonly mirrors: number
  readonly sigmakers: number
  readonly entries: number
  /** Of the head; undefined when nothing was released. */
  readonly serial: number | undefined
  /** Grows with every change of the store. */
  readonly changes: number
}

/**
 * Copies a store that may be in use, as of one moment, and looks the copy through before it gets its name. Throws
 * `BackupError`, `StoreError` or `DiskError`.
 */
export async function backUpStore(store: string, to: string): Promise<StoreSummary> {
  if (existsSync(to)) throw new BackupError('exists', `write "${to}": it is there already`)
  const draft = neighbour(to)
  try {
    const summary = await copy(store, draft)
    await putInPlace(draft, to)
    return summary
  } catch (error) {
    throw storeError(`back up "${store}"`, error)
  } finally {
    removeStore(draft)
  }
}

/**
 * Puts a backup in a store's place. The store must not be in use, and not have seen changes that the backup has not,
 * unless `force` is given.
 */
export async function restoreStore(
  from: string,
  store: string,
  { force }: { readonly force: boolean },
): Promise<StoreSummary> {
  const draft = neighbour(store)
  try {
    const summary = await copy(from, draft)
    using _ = existsSync(store) ? claim(store, summary, force) : undefined
    // A log without its file is harmless; one beside another file would be read into it.
    for (const end of BESIDE) rmSync(store + end, { force: true })
    await putInPlace(draft, store)
    return summary
  } catch (error) {
    throw storeError(`restore "${store}"`, error)
  } finally {
    removeStore(draft)
  }
}

async function copy(from: string, to: string): Promise<StoreSummary> {
  if (!existsSync(from)) throw new BackupError('not-a-store', `read "${from}": it is not there`)
  makeFile(to)
  using source = new DatabaseSync(from, { readOnly: true })
  // In one step: between two, another process's write would make it start again.
  await backup(source, to, { rate: PAGES_MAX })
  const summary = summarize(to)
  await syncFile(to)
  return summary
}

/** Holds the file so that nobody opens it, and sees that it may be replaced. A damaged one may only be forced. */
function claim(store: string, backup: StoreSummary, force: boolean): Disposable {
  const held = new DisposableStack()
  try {
    const database = held.use(new DatabaseSync(store))
    // Leaving WAL succeeds only for the last one who has it open.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
    const there = read(database, store)
    if (there.changes > backup.changes && !force) {
      const ahead = there.changes - backup.changes
      throw new BackupError(
        'newer-there',
        `restore "${store}": it has seen ${ahead} changes that the backup has not (--force replaces it)`,
      )
    }
    return held
  } catch (cause) {
    held.dispose()
    if (isBusy(cause)) throw inUse(store, cause)
    if (force && (isDamage(cause) || isStranger(cause))) return new DisposableStack()
    throw cause
  }
}

function inUse(store: string, cause: unknown): BackupError {
  return new BackupError('in-use', `restore "${store}": a process has it open`, { cause })
}

function summarize(path: string): StoreSummary {
  using database = new DatabaseSync(path)
  // A backup is one file, without a log beside it.
  database.exec('PRAGMA journal_mode = DELETE')
  const [check] = database.prepare('PRAGMA integrity_check(1)').all()
  if (check?.['integrity_check'] !== 'ok') {
    throw new BackupError('damaged', `use the copy "${path}": ${check?.['integrity_check']}`)
  }
  return read(database, path)
}

function read(database: DatabaseSync, path: string): StoreSummary {
  const one = (sql: string): number => Number(Object.values(database.prepare(sql).get() ?? {})[0])
  if (one('PRAGMA application_id') !== APPLICATION_ID) {
    throw new BackupError('not-a-store', `use "${path}": it is no store of cvdnet`)
  }
  const version = one('SELECT version FROM schema')
  if (version > SQLITE_MIGRATIONS.length) {
    throw new BackupError('too-new', `use "${path}": its schema is ${version}; update cvdnet`)
  }
  const serial = one('SELECT max(serial) FROM heads')
  return {
    mirrors: one(`SELECT count(*) FROM records WHERE kind = 'mirror'`),
    sigmakers: one(`SELECT count(*) FROM records WHERE kind = 'sigmaker'`),
    entries: one('SELECT count(*) FROM journal'),
    serial: one('SELECT count(*) FROM heads') === 0 ? undefined : serial,
    changes: one('SELECT sum(number) FROM changes'),
  }
}

function removeStore(path: string): void {
  for (const end of ['', '-journal', ...BESIDE]) rmSync(path + end, { force: true })
}

function isDamage(error: unknown): boolean {
  const code = primaryCode(error)
  return code === 11 || code === 26
}

function isStranger(error: unknown): boolean {
  return error instanceof BackupError && error.code === 'not-a-store'
}
