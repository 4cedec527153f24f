import { open } from 'node:fs/promises'
import type { Journal, JournalEntry } from '#ports/journal.ts'
import { diskError } from './error.ts'

/** A journal as one JSON document a line, each on disk before the append resolves. */
export class JournalFile implements Journal {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  async append(entry: JournalEntry): Promise<void> {
    const line = JSON.stringify({ ...entry, at: new Date(entry.at).toISOString() })
    try {
      await using file = await open(this.#path, 'a', 0o640)
      await file.appendFile(`${line}\n`)
      await file.datasync()
    } catch (error) {
      throw diskError(`append to the journal "${this.#path}"`, error)
    }
  }
}
