/** What the TXT records of a network say is the newest: one DNS packet in the place of a question to each server. */
import type { DbName, DbVersion } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'
import { readUpdateRecord, versionIn, versionOfRecord } from '#core/update/index.ts'
import type { UpdateRecord } from '#formats/update-record/index.ts'

/** `current.cvd.ZONE` is where the records of single databases are too. */
const CURRENT = 'current'

export interface RecordPlace {
  /** Undefined: there is none to be believed, and servers must be asked. */
  readonly name: string | undefined
  /** First string of a TXT record; undefined: there is none. Rejects when the resolver fails. */
  readonly resolveTxt: (name: string) => Promise<string | undefined>
  readonly now: EpochSeconds
  readonly voice: { complain(line: string): void }
}

export class Announcements {
  readonly #place: RecordPlace
  #record: Promise<UpdateRecord | undefined> | undefined

  constructor(place: RecordPlace) {
    this.#place = place
  }

  /** Undefined: servers must be asked. */
  async newest(database: DbName): Promise<DbVersion | undefined> {
    const { name } = this.#place
    if (name === undefined) return undefined
    this.#record ??= this.#read(name)
    const record = await this.#record
    if (record === undefined) return undefined
    return versionIn(record, database) ?? (await this.#ownRecord(database, name))
  }

  /** Of the engine, where the record says that older ones are to be warned. */
  async newestClamav(): Promise<string | undefined> {
    const record = await this.#record
    return record === undefined || record.versionWarning === 0 ? undefined : record.newestClamav
  }

  async #read(name: string): Promise<UpdateRecord | undefined> {
    const text = await this.#ask(name)
    if (text === undefined) return undefined
    const record = readUpdateRecord(text, this.#place.now)
    if (record.ok) return record.value
    this.#place.voice.complain(`TXT ${name} is not used: ${record.fault}`)
    return undefined
  }

  async #ownRecord(database: DbName, recordName: string): Promise<DbVersion | undefined> {
    if (!recordName.startsWith(`${CURRENT}.`)) return undefined
    const name = `${database}${recordName.slice(CURRENT.length)}`
    const text = await this.#ask(name)
    if (text === undefined) return undefined
    const version = versionOfRecord(text, this.#place.now)
    return version.ok ? version.value : undefined
  }

  async #ask(name: string): Promise<string | undefined> {
    try {
      return await this.#place.resolveTxt(name)
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error)
      this.#place.voice.complain(`TXT ${name} cannot be asked for: ${words}`)
      return undefined
    }
  }
}
