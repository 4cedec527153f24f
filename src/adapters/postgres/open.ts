import { join } from 'node:path'
import type { Store } from '#ports/store.ts'
import { readMigrations, SqlStore } from '../sql/index.ts'
import { PostgresDatabase } from './database.ts'

export const POSTGRES_MIGRATIONS = readMigrations(join(import.meta.dirname, 'migrations'))

/** The database must be there; the tables are made. Throws `StoreError` when it is too new or the login is refused. */
export async function openPostgresStore(url: string): Promise<Store> {
  return await SqlStore.open(new PostgresDatabase(url), POSTGRES_MIGRATIONS)
}
