import { open, readFile, rm } from 'node:fs/promises'
import { listOf, object, parseJson, text, textThat } from '#base/json.ts'
import { epochMs } from '#base/time.ts'
import type { Journal, JournalEntry } from '#ports/journal.ts'
import { diskError, errnoOf } from './error.ts'

/** Bounds for what is read back; far above what is written. */
const WORDS_MAX = 1_000_000
const entryReader = object({
  at: textThat('a time', (value) => Number.isFinite(Date.parse(value))),
  who: text(WORDS_MAX),
  what: text(WORDS_MAX),
  subject: text(WORDS_MAX),
  why: listOf(text(WORDS_MAX), WORDS_MAX),
})

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

  /** Oldest first. A line that a crash cut off is left out. */
  async read(): Promise<readonly JournalEntry[]> {
    const lines = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return ''
      throw diskError(`read the journal "${this.#path}"`, error)
    })
    return lines.split('\n').flatMap((line) => {
      const entry = parseJson(line, entryReader)
      return entry.ok ? [{ ...entry.value, at: epochMs(Date.parse(entry.value.at)) }] : []
    })
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true })
  }
}
