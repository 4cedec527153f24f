import assert from 'node:assert/strict'
import {
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { POSTGRES_MIGRATIONS } from '#adapters/postgres/index.ts'
import { StoreError, type StorePart } from '#ports/store.ts'
import { migrationContract } from '../../../test/contract/migrations.ts'
import { storeContract } from '../../../test/contract/store.ts'
import { anEntry } from '../../../test/support/records.ts'
import { eventually, run } from '../../../test/support/run.ts'
import { openSqliteStore, SQLITE_MIGRATIONS, SqliteDatabase } from './index.ts'

const RESERVE = join(import.meta.dirname, '..', '..', '..', 'test', 'support', 'reserve.ts')

storeContract(async () => {
  const base = await mkdtempDisposable(join(tmpdir(), 'cvdnet-sqlite-'))
  const [folder, elsewhere] = [join(base.path, 'there'), join(base.path, 'elsewhere')]
  await mkdir(folder)
  const path = join(folder, 'store.sqlite')
  return {
    open: () => openSqliteStore(path),
    // As when a disk is not there: SQLite's three files go and come together.
    takeAway: () => rename(folder, elsewhere),
    bringBack: () => rename(elsewhere, folder),
    tamper: async (statement) => {
      using database = new DatabaseSync(path)
      database.exec(statement)
    },
    [Symbol.asyncDispose]: () => base[Symbol.asyncDispose](),
  }
})

migrationContract('sqlite', SQLITE_MIGRATIONS, async () => {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-sqlite-'))
  return {
    open: () => new SqliteDatabase(join(folder.path, 'store.sqlite')),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
})

test('both databases have the same schemas', () => {
  assert.equal(SQLITE_MIGRATIONS.length, POSTGRES_MIGRATIONS.length)
})

async function inFolder(work: (path: string, folder: string) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-sqlite-'))
  await work(join(folder.path, 'store.sqlite'), folder.path)
}

// Mirrors' passwords are in it.
test('nobody else reads the file, nor those beside it, also where it was laxer before', () =>
  inFolder(async (path, folder) => {
    await writeFile(path, '', { mode: 0o644 })
    await using store = await openSqliteStore(path)
    await store.journal.append(anEntry('said'))
    const names = await readdir(folder)
    assert.deepEqual(names.toSorted(), ['store.sqlite', 'store.sqlite-shm', 'store.sqlite-wal'])
    for (const name of names) {
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
    }
  }))

test('a process that is killed in the middle of its writes loses none that it was told of', () =>
  inFolder(async (path) => {
    const told: string[] = []
    const end = await run(process.execPath, [RESERVE, path, '100000'], {
      onStart: (child) => {
        child.stdout?.on('data', (text: Buffer) => {
          told.push(...text.toString().split('\n').filter(Boolean))
          if (told.length > 50) child.kill('SIGKILL')
        })
      },
    })
    assert.equal(end.status, null)
    await using store = await openSqliteStore(path)
    const last = Math.max(...told.slice(0, -1).map(Number))
    assert.ok((await store.releases.reserveSerial()) > last)
  }))

test('another process’s change wakes whoever watches', () =>
  inFolder(async (path) => {
    await using store = await openSqliteStore(path)
    await store.journal.append(anEntry('said'))
    const heard: StorePart[] = []
    using _ = store.watch((part) => heard.push(part))
    await eventually(async () => assert.ok(heard.includes('journal')))
    heard.length = 0
    const say = `import { openSqliteStore } from '#adapters/sqlite/index.ts'
      await using store = await openSqliteStore(${JSON.stringify(path)})
      await store.jobs.enqueue({ queue: 'q', key: 'k', dueAt: 0, body: '' })`
    const end = await run(process.execPath, ['--input-type=module', '--eval', say])
    assert.equal(end.status, 0, end.err)
    await eventually(async () => assert.deepEqual(heard, ['jobs']))
  }))

// A process that has everything else to do must not stand still because another one writes.
test('while another process writes for long, this one goes on, and its own write comes after', () =>
  inFolder(async (path) => {
    await using store = await openSqliteStore(path)
    using other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    let turns = 0
    using _ = disposable(setInterval(() => (turns += 1), 5))
    const writing = store.journal.append(anEntry('said'))
    assert.deepEqual(await store.journal.read({ limit: 1 }), [])
    await eventually(async () => assert.ok(turns > 20))
    other.exec('COMMIT')
    await writing
    assert.equal((await store.journal.read({ limit: 1 })).length, 1)
  }))

test('a file that is no database is damage, and is left as it is', () =>
  inFolder(async (path) => {
    const text = 'nothing that SQLite wrote '.repeat(1000)
    await writeFile(path, text)
    await assert.rejects(
      openSqliteStore(path),
      (error) => error instanceof StoreError && error.code === 'damaged',
    )
    assert.equal(await readFile(path, 'utf8'), text)
  }))

// Otherwise writes would go into a file that no longer has the name, and be lost.
test('a file that was replaced by another is used from then on', () =>
  inFolder(async (path, folder) => {
    await using store = await openSqliteStore(path)
    await store.journal.append(anEntry('old'))
    {
      await using other = await openSqliteStore(join(folder, 'other'))
      await other.journal.append(anEntry('new'))
    }
    await rename(join(folder, 'other'), path)
    for (const end of ['-wal', '-shm']) await rm(path + end, { force: true })
    assert.deepEqual(
      (await store.journal.read({ limit: 9 })).map(({ what }) => what),
      ['new'],
    )
    await store.journal.append(anEntry('newer'))
    await using again = await openSqliteStore(path)
    assert.equal((await again.journal.read({ limit: 9 })).length, 2)
  }))

function disposable(timer: NodeJS.Timeout): Disposable {
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
