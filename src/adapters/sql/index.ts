export type { SqlDatabase, SqlRow, SqlSession, SqlValue } from './database.ts'
export { type Migrations, migrate, readMigrations } from './migrate.ts'
export { SqlStore } from './store.ts'
