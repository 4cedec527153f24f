import { join } from 'node:path'
import type { Store } from '#ports/store.ts'
import { readMigrations, SqlStore } from '../sql/index.ts'
import { SqliteDatabase } from './database.ts'

export const SQLITE_MIGRATIONS = readMigrations(join(import.meta.dirname, 'migrations'))

/** Makes the file where there is none. Throws `StoreError` when it is too new or damaged. */
export async function openSqliteStore(path: string): Promise<Store> {
  return await SqlStore.open(new SqliteDatabase(path), SQLITE_MIGRATIONS)
}
