/**
 * What a round of the monitor over many mirrors costs the store: one `putAll` of everybody's health and one `list`,
 * in each of the stores, against the bare database that writes and reads the same texts in one transaction.
 *
 *     node bench/store.ts [MIRRORS] [ROUNDS]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MemoryStore } from '#adapters/memory/index.ts'
import { openPostgresStore } from '#adapters/postgres/index.ts'
import { openSqliteStore } from '#adapters/sqlite/index.ts'
import { healthCodec } from '#core/health/index.ts'
import type { Store } from '#ports/store.ts'
import { startPostgres, withoutPostgres } from '../test/support/postgres.ts'
import { someHealth } from '../test/support/records.ts'

const [mirrors = 10_000, rounds = 5] = process.argv.slice(2).map(Number)
const names = Array.from({ length: mirrors }, (_, at) => `mirror${at}`)
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-bench-store-'))

interface Took {
  readonly writeMs: number
  readonly readMs: number
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

async function rounded(round: (serial: number) => Promise<Took>): Promise<Took> {
  const took: Took[] = []
  for (let serial = 1; serial <= rounds; serial += 1) took.push(await round(serial))
  return {
    writeMs: median(took.map(({ writeMs }) => writeMs)),
    readMs: median(took.map(({ readMs }) => readMs)),
  }
}

async function timed(work: () => Promise<unknown> | unknown): Promise<number> {
  const since = performance.now()
  await work()
  return performance.now() - since
}

const through = (store: Store) =>
  rounded(async (serial) => {
    const known = new Map(
      (await store.registry.health.list()).map(({ name, revision }) => [name, revision]),
    )
    const value = someHealth(serial)
    const writeMs = await timed(() =>
      store.registry.health.putAll(names.map((name) => ({ name, value, over: known.get(name) }))),
    )
    return { writeMs, readMs: await timed(() => store.registry.health.list()) }
  })

async function bare(): Promise<Took> {
  using database = new DatabaseSync(join(folder, 'bare.sqlite'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec('CREATE TABLE t (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID')
  const put = database.prepare('INSERT OR REPLACE INTO t VALUES (?, ?)')
  return await rounded(async (serial) => {
    const text = healthCodec.print(someHealth(serial))
    const writeMs = await timed(() => {
      database.exec('BEGIN IMMEDIATE')
      for (const name of names) put.run(name, text)
      database.exec('COMMIT')
    })
    return { writeMs, readMs: await timed(() => database.prepare('SELECT * FROM t').all()) }
  })
}

async function single(store: Store): Promise<number> {
  const count = 500
  const ms = await timed(async () => {
    for (let at = 0; at < count; at += 1) await store.releases.reserveSerial()
  })
  return (count * 1000) / ms
}

try {
  const yardstick = await bare()
  const say = (what: string, { writeMs, readMs }: Took, aSecond?: number) => {
    const ratio = (writeMs / yardstick.writeMs).toFixed(1)
    const writes = aSecond === undefined ? '' : `, ${aSecond.toFixed(0)} single writes/s`
    console.log(
      `${what}: ${mirrors} written in ${writeMs.toFixed(0)} ms (${ratio} x bare SQLite), ` +
        `read in ${readMs.toFixed(0)} ms${writes}`,
    )
  }
  say('bare SQLite', yardstick)
  say('memory', await through(new MemoryStore()))
  await using sqlite = await openSqliteStore(join(folder, 'store.sqlite'))
  say('sqlite', await through(sqlite), await single(sqlite))
  if ((await withoutPostgres()) === false) {
    await using server = await startPostgres()
    await using postgres = await openPostgresStore(await server.database())
    say('postgres (fsync off)', await through(postgres), await single(postgres))
  }
} finally {
  rmSync(folder, { recursive: true })
}
