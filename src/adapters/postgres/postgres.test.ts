import { after, before } from 'node:test'
import pg from 'pg'
import { storeContract } from '../../../test/contract/store.ts'
import {
  startPostgres,
  type TestPostgres,
  withoutPostgres,
} from '../../../test/support/postgres.ts'
import { openPostgresStore } from './index.ts'

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
