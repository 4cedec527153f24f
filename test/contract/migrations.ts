/** What holds of schemas, in both databases: every store that a cvdnet ever left is read by this one. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Migrations, migrate, type SqlDatabase, SqlStore } from '#adapters/sql/index.ts'
import { StoreError } from '#ports/store.ts'
import { aHead, aMaster, aMirror, aSigmaker, someHealth } from '../support/records.ts'

export interface MigrationWorld extends AsyncDisposable {
  /** Another handle on a database that was empty. */
  open(): SqlDatabase
}

/** Numbers and names change from schema to schema; what was in a store of the first does not. */
async function assertAllThere(store: SqlStore): Promise<void> {
  const { registry, releases, journal, jobs } = store
  assert.deepEqual((await registry.mirrors.get('mirror1'))?.value, aMirror('mirror1'))
  assert.deepEqual(
    (await registry.sigmakers.get('acme'))?.value,
    aSigmaker('acme', { databases: ['acme'] }),
  )
  assert.deepEqual((await registry.masters.get('rsync1'))?.value, aMaster('rsync1'))
  assert.deepEqual((await registry.health.get('mirror1'))?.value, someHealth(3))
  assert.deepEqual(await releases.head(), aHead(3, 5))
  assert.equal((await releases.announced())?.serial, 3)
  assert.deepEqual(
    (await journal.read({ limit: 9 })).map(({ what }) => what),
    ['published', 'added'],
  )
  assert.equal((await jobs.leases())[0]?.holder, 'rsync1')
  assert.equal((await jobs.waiting('mail'))[0]?.key, 'k')
  assert.equal(await releases.reserveSerial(), 4)
}

export function migrationContract(
  dialect: 'sqlite' | 'postgres',
  migrations: Migrations,
  makeWorld: () => Promise<MigrationWorld>,
  { skip = false }: { readonly skip?: string | false } = {},
): void {
  const dump = (version: number) =>
    join(import.meta.dirname, 'schemas', `${dialect}-${version}.sql`)
  const load = async (world: MigrationWorld, version: number): Promise<void> => {
    await using database = world.open()
    await database.write((session) => session.script(readFileSync(dump(version), 'utf8')))
  }

  for (const [index] of migrations.entries()) {
    const version = index + 1
    test(`${dialect}: a store of schema ${version} is read and brought to the newest`, {
      skip,
    }, async () => {
      assert.ok(existsSync(dump(version)), `a dump of schema ${version} is kept`)
      await using world = await makeWorld()
      await load(world, version)
      await using store = await SqlStore.open(world.open(), migrations)
      await assertAllThere(store)
    })
  }

  const next = [
    ...migrations,
    'ALTER TABLE records ADD COLUMN note TEXT;\nUPDATE records SET note = name;',
  ]

  test(`${dialect}: the next schema keeps what is there, and this program then refuses`, {
    skip,
  }, async () => {
    await using world = await makeWorld()
    await load(world, migrations.length)
    await using newer = await SqlStore.open(world.open(), next)
    await assertAllThere(newer)
    await assert.rejects(
      SqlStore.open(world.open(), migrations),
      (error) => error instanceof StoreError && error.code === 'too-new',
    )
  })

  test(`${dialect}: a migration that fails half-way leaves the schema before it, whole`, {
    skip,
  }, async () => {
    await using world = await makeWorld()
    await load(world, migrations.length)
    const failing = [...next, 'CREATE TABLE half (x INTEGER);\nSELECT * FROM not_there;']
    await using database = world.open()
    await assert.rejects(migrate(database, failing), /not_there/)
    await assert.rejects(database.read('SELECT note FROM records'), /note/)
    await assert.rejects(database.read('SELECT * FROM half'), /half/)
    await using store = await SqlStore.open(world.open(), migrations)
    await assertAllThere(store)
  })

  test(`${dialect}: of many who bring an empty database up at once, one does, and all go on`, {
    skip,
  }, async () => {
    await using world = await makeWorld()
    const once = [...migrations, `INSERT INTO counters (name, value) VALUES ('once', 1)`]
    await using opened = new AsyncDisposableStack()
    const handles = Array.from({ length: 4 }, () => opened.use(world.open()))
    await Promise.all(handles.map((handle) => migrate(handle, once)))
    const rows = await handles[0]?.read(`SELECT value FROM counters WHERE name = 'once'`)
    assert.equal(rows?.[0]?.['value'], 1)
  })
}
