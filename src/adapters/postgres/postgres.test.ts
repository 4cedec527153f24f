import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { StoreError } from '#ports/store.ts'
import { migrationContract } from '../../../test/contract/migrations.ts'
import { storeContract } from '../../../test/contract/store.ts'
import {
  startPostgres,
  type TestPostgres,
  withoutPostgres,
} from '../../../test/support/postgres.ts'
import { openPostgresStore, POSTGRES_MIGRATIONS, PostgresDatabase } from './index.ts'

const skip = await withoutPostgres()
let server: TestPostgres

before(async () => {
  if (skip === false) server = await startPostgres()
})
after(() => server?.[Symbol.asyncDispose]())

storeContract(
  async () => {
    const url = await server.database()
    let isStopped = false
    const takeAway = async () => {
      await server.stop()
      isStopped = true
    }
    const bringBack = async () => {
      await server.start()
      isStopped = false
    }
    return {
      open: () => openPostgresStore(url),
      takeAway,
      bringBack,
      tamper: async (statement) => {
        const client = new pg.Client(url)
        await client.connect()
        await client.query(statement)
        await client.end()
      },
      [Symbol.asyncDispose]: async () => {
        if (isStopped) await bringBack()
      },
    }
  },
  { skip },
)

migrationContract(
  'postgres',
  POSTGRES_MIGRATIONS,
  async () => {
    const url = await server.database()
    return {
      open: () => new PostgresDatabase(url),
      [Symbol.asyncDispose]: async () => {},
    }
  },
  { skip },
)

test('a login that is refused, and a database that is not there, are no store that is away', {
  skip,
}, async () => {
  const url = new URL((await server.database()).replace('@/', '@host/'))
  for (const wrong of ['postgres://nobody@host/store1', 'postgres://cvdnet@host/nowhere']) {
    const to = new URL(wrong)
    to.search = url.search
    await assert.rejects(
      openPostgresStore(to.href.replace('@host/', '@/')),
      (error) => error instanceof StoreError && error.code === 'refused',
    )
  }
})

test('a writer who stands still in his turn holds up nobody for long', { skip }, async () => {
  const url = await server.database()
  await using store = await openPostgresStore(url)
  await using stuck = new PostgresDatabase(url)
  const over = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const standing = stuck.write(async () => {
    begun.resolve()
    await over.promise
  })
  await begun.promise
  await store.releases.reserveSerial()
  over.resolve()
  await assert.rejects(standing, (error) => error instanceof StoreError && error.code === 'away')
})
