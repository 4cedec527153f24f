import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { StoreError } from '#ports/store.ts'
import type { SqlDatabase, SqlSession } from './database.ts'
import { numberIn } from './row.ts'

/** Forward only: number N brings a database from schema N - 1 to schema N. */
export type Migrations = readonly string[]

/** `0001-first.sql`, `0002-….sql`: without a gap. */
export function readMigrations(folder: string): Migrations {
  const names = readdirSync(folder).sort()
  for (const [index, name] of names.entries()) {
    if (Number(name.slice(0, 4)) !== index + 1) throw new Error(`"${name}" is out of its number`)
  }
  return names.map((name) => readFileSync(join(folder, name), 'utf8'))
}

/** In one transaction: the newest schema, or the one before whole. Of two processes the second finds nothing to do. */
export async function migrate(database: SqlDatabase, migrations: Migrations): Promise<void> {
  await database.write(async (session) => {
    await session.script('CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL)')
    await bringUp(session, migrations)
  })
}

/**
 * Also done in every write, where it is one look: a newer program may have changed the schema under us, or an older
 * file been put in the place of ours.
 */
export async function bringUp(session: SqlSession, migrations: Migrations): Promise<void> {
  const [row] = await session.rows('SELECT version FROM schema')
  const version = row === undefined ? 0 : numberIn(row, 'version')
  if (version > migrations.length) {
    throw new StoreError(
      'too-new',
      `use the store: its schema is ${version}, this program knows up to ${migrations.length}; update cvdnet`,
    )
  }
  if (version === migrations.length) return
  for (const statements of migrations.slice(version)) await session.script(statements)
  await session.rows('DELETE FROM schema')
  await session.rows('INSERT INTO schema (version) VALUES ($1)', [migrations.length])
}
