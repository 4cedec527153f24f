/** Which version is the newest: the update record says it, or where there is none, the newest that any server has. */
import { askServer, Failures } from '#adapters/database-server/index.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { readUpdateRecord, versionIn, versionOfRecord } from '#core/update/index.ts'
import { HEADER_BYTES, parseHeader } from '#formats/cvd/index.ts'
import type { UpdateRecord } from '#formats/update-record/index.ts'
import type { LocalDatabase } from './local.ts'
import type { UpdateRun } from './world.ts'

/** `current.cvd.ZONE` is where the records of single databases are too. */
const CURRENT = 'current'

export class Announcements {
  readonly #run: UpdateRun
  #record: Promise<UpdateRecord | undefined> | undefined

  constructor(run: UpdateRun) {
    this.#run = run
  }

  /** Undefined: servers must be asked. */
  async newest(name: DbName): Promise<DbVersion | undefined> {
    const { servers, network } = this.#run
    // Nobody has signed the record; where the network's manifest is known, that says more.
    if (servers.kind === 'private' || network !== undefined) return undefined
    this.#record ??= this.#read(servers.recordName)
    const record = await this.#record
    if (record === undefined) return undefined
    return versionIn(record, name) ?? (await this.#ownRecord(name, servers.recordName))
  }

  /** Of the engine, where the record says that older ones are to be warned. */
  async newestClamav(): Promise<string | undefined> {
    const record = await this.#record
    return record === undefined || record.versionWarning === 0 ? undefined : record.newestClamav
  }

  async #read(name: string): Promise<UpdateRecord | undefined> {
    const text = await this.#ask(name)
    if (text === undefined) return undefined
    const record = readUpdateRecord(text, this.#run.now)
    if (record.ok) return record.value
    this.#run.voice.complain(`TXT ${name} is not used: ${record.fault}`)
    return undefined
  }

  async #ownRecord(database: DbName, recordName: string): Promise<DbVersion | undefined> {
    if (!recordName.startsWith(`${CURRENT}.`)) return undefined
    const name = `${database}${recordName.slice(CURRENT.length)}`
    const text = await this.#ask(name)
    if (text === undefined) return undefined
    const version = versionOfRecord(text, this.#run.now)
    return version.ok ? version.value : undefined
  }

  async #ask(name: string): Promise<string | undefined> {
    try {
      return await this.#run.resolveTxt(name)
    } catch (error) {
      this.#run.voice.complain(`TXT ${name} cannot be asked for: ${wordsOf(error)}`)
      return undefined
    }
  }
}

/**
 * The newest that any server has: all are asked, so that a first one which has stopped does not keep clients where it
 * stands. Who has nothing newer than ours may say so in one line. A server that is behind the newest is asked last then.
 */
export async function newestOnServers(
  name: DbName,
  local: LocalDatabase | undefined,
  run: UpdateRun,
): Promise<Outcome<DbVersion, Failures>> {
  const versions = new Map<string, DbVersion>()
  const failures = new Failures()
  const file = `${name}.cvd`
  const note = (server: string, version: DbVersion) => {
    const reason = run.network?.refuseVersion(server, name, version)
    if (reason === undefined) versions.set(server, version)
    else failures.refuse(run, { server, file }, reason)
  }
  for (const server of run.walk.order) {
    const ask = (url: URL) =>
      run.server.start({ url, since: local?.builtAt, signal: run.signal }, HEADER_BYTES)
    const answer = await askServer(run, server, { file, ask })
    if (answer.kind === 'found') {
      const header = parseHeader(answer.content, 'strict')
      if (header.ok) note(server, header.value.version)
      else failures.refuse(run, { server, file }, 'it does not begin as a database')
    } else if (answer.kind === 'not-modified' && local !== undefined) {
      note(server, local.version)
    } else failures.note(run, { server, file }, answer)
  }
  const [newest] = [...versions.values()].toSorted((a, b) => b - a)
  if (newest === undefined) return fail(failures)
  for (const [server, version] of versions) if (version < newest) run.walk.putLast(server)
  return ok(newest)
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
