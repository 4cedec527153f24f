import { mkdtempDisposable, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  HttpDatabaseServer,
  type HttpDatabaseServerOptions,
} from '#adapters/database-server/index.ts'

/** A client of mirrors, and a folder that it downloads into. */
export interface DatabaseClient extends AsyncDisposable {
  readonly server: HttpDatabaseServer
  readonly into: string
  /** What is at `into`; nothing where there is none. */
  content(): Promise<string | undefined>
  /** Names of all files in the folder. */
  files(): Promise<readonly string[]>
}

export async function databaseClient(
  options: Partial<HttpDatabaseServerOptions> = {},
): Promise<DatabaseClient> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-client-'))
  const server = new HttpDatabaseServer({
    agent: 'cvdnet test',
    connectMsMax: 5_000,
    silentMsMax: 5_000,
    ...options,
  })
  const into = join(folder.path, 'daily.cvd')
  return {
    server,
    into,
    async content() {
      const isThere = (await readdir(folder.path)).includes('daily.cvd')
      return isThere ? await readFile(into, 'latin1') : undefined
    },
    files: () => readdir(folder.path),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
