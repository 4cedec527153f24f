export { SqliteDatabase } from './database.ts'
export { openSqliteStore, SQLITE_MIGRATIONS } from './open.ts'
