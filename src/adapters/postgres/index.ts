export { PostgresDatabase } from './database.ts'
export { openPostgresStore, POSTGRES_MIGRATIONS } from './open.ts'
