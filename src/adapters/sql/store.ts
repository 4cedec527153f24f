import { healthCodec } from '#core/health/index.ts'
import { masterCodec, mirrorCodec, sigmakerCodec } from '#core/mirrors/index.ts'
import { letterCodec, problemCodec } from '#core/notices/index.ts'
import { serialsCodec, type ZoneSerials } from '#core/zone/index.ts'
import {
  type MirrorRegistry,
  type Notices,
  type Store,
  StoreError,
  type StorePart,
} from '#ports/store.ts'
import { SqlAccess } from './access.ts'
import { ChangeWatch } from './changes.ts'
import type { SqlDatabase } from './database.ts'
import { SqlJobs } from './jobs.ts'
import { SqlJournal } from './journal.ts'
import type { Migrations } from './migrate.ts'
import { SqlRecords } from './records.ts'
import { SqlReleases } from './releases.ts'

/** The store in SQL that SQLite and PostgreSQL both speak. */
export class SqlStore implements Store {
  readonly registry: MirrorRegistry
  readonly releases: SqlReleases
  readonly journal: SqlJournal
  readonly jobs: SqlJobs
  readonly notices: Notices
  readonly serials: SqlRecords<ZoneSerials>
  readonly #database: SqlDatabase
  readonly #watch: ChangeWatch

  private constructor(database: SqlDatabase, access: SqlAccess) {
    const part = 'registry'
    this.registry = {
      mirrors: new SqlRecords(access, { kind: 'mirror', codec: mirrorCodec, part }),
      sigmakers: new SqlRecords(access, { kind: 'sigmaker', codec: sigmakerCodec, part }),
      masters: new SqlRecords(access, { kind: 'master', codec: masterCodec, part }),
      health: new SqlRecords(access, { kind: 'health', codec: healthCodec, part: 'health' }),
    }
    this.notices = {
      problems: new SqlRecords(access, { kind: 'problem', codec: problemCodec, part: 'notices' }),
      news: new SqlRecords(access, { kind: 'news', codec: letterCodec, part: 'notices' }),
    }
    this.serials = new SqlRecords(access, {
      kind: 'serials',
      codec: serialsCodec,
      part: 'serials',
    })
    this.releases = new SqlReleases(access)
    this.journal = new SqlJournal(access)
    this.jobs = new SqlJobs(access)
    this.#database = database
    this.#watch = new ChangeWatch(database)
  }

  /** A store that is away opens all the same, and says so at each use until it is back. */
  static async open(database: SqlDatabase, migrations: Migrations): Promise<SqlStore> {
    const access = new SqlAccess(database, migrations)
    try {
      await access.ready()
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'away')) {
        await database[Symbol.asyncDispose]()
        throw error
      }
    }
    return new SqlStore(database, access)
  }

  watch(onChange: (part: StorePart) => void): Disposable {
    return this.#watch.add(onChange)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]()
    await this.#database[Symbol.asyncDispose]()
  }
}
