import { mkdir, mkdtempDisposable, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { storeContract } from '../../../test/contract/store.ts'
import { openSqliteStore } from './index.ts'

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
