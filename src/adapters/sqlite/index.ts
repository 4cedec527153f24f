export {
  BackupError,
  type BackupErrorCode,
  backUpStore,
  restoreStore,
  type StoreSummary,
} from './backup.ts'
export { SqliteDatabase } from './database.ts'
export { openSqliteStore, SQLITE_MIGRATIONS } from './open.ts'
