/**
 * Requests that wait for their turn, on disk so that a kill does not lose one (promise 5, field-notes 1.4).
 *
 * Each request is a file of its own. Whoever carries a subject out lists its marks before and removes exactly those
 * after: a request that arrives in between has another mark and is seen in the next round. The order that loses
 * nothing is: a caller first adds its mark and then tries the lock; a holder releases the lock and then looks again.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from './atomic.ts'
import { diskError } from './error.ts'

export interface PendingMark {
  readonly subject: string
  readonly file: string
}

/** `SUBJECT~UUID`, the subject percent-encoded. */
const MARK = /^([^~]+)~[0-9a-f-]{36}$/

export class PendingMarks {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async add(subject: string): Promise<PendingMark> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const file = join(this.#folder, `${encodeURIComponent(subject)}~${randomUUID()}`)
    await writeFileAtomic(file, '')
    return { subject, file }
  }

  /** Oldest first. */
  async list(): Promise<readonly PendingMark[]> {
    const names = await readdir(this.#folder).catch(() => [])
    const found: (PendingMark & { readonly at: number })[] = []
    for (const name of names) {
      const subject = decode(MARK.exec(name)?.[1])
      const file = join(this.#folder, name)
      const at =
        subject === undefined ? undefined : (await stat(file).catch(() => undefined))?.mtimeMs
      if (subject !== undefined && at !== undefined) found.push({ subject, file, at })
    }
    return found.sort((a, b) => a.at - b.at).map(({ subject, file }) => ({ subject, file }))
  }

  async remove(marks: readonly PendingMark[]): Promise<void> {
    for (const { file } of marks) {
      try {
        await rm(file, { force: true })
      } catch (error) {
        throw diskError(`remove "${file}"`, error)
      }
    }
  }
}

function decode(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text)
  } catch {
    return undefined
  }
}
