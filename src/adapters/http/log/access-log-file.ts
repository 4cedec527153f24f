/**
 * The access log: lines are gathered and written a few times a second, and the file is opened anew when somebody has
 * moved it away, as logrotate does, so that nobody has to tell us. A full disk costs lines, never an answer.
 */
import { type FileHandle, open, rename, stat } from 'node:fs/promises'

const WRITE_EVERY_MS = 500
/** Gathered beyond this, it is written at once. */
const GATHERED_CHARS = 256 * 1024
/** What is kept for a disk that does not answer; beyond it lines are lost, and counted. */
const WAITING_CHARS_MAX = 16 * 1024 * 1024
/** Addresses of people: for the operator's group at most. */
const LOG_MODE = 0o640

export interface AccessLogOptions {
  readonly path: string
  /** Put aside as `.1`, and that as `.2`, when it has grown beyond this. Absent: logrotate's business. */
  readonly rotateAtBytes?: number
  /** Told once in a row of failures. */
  readonly onFault: (line: string) => void
}

export class AccessLogFile implements AsyncDisposable {
  readonly #path: string
  readonly #rotateAtBytes: number
  readonly #onFault: (line: string) => void
  readonly #timer: NodeJS.Timeout
  #gathered = ''
  #lost = 0
  #file: FileHandle | undefined
  #inode = 0
  #writing: Promise<void> = Promise.resolve()
  #isWriting = false
  #isFailing = false

  constructor({ path, rotateAtBytes, onFault }: AccessLogOptions) {
    this.#path = path
    this.#rotateAtBytes = rotateAtBytes ?? Number.POSITIVE_INFINITY
    this.#onFault = onFault
    this.#timer = setInterval(() => this.#flush(), WRITE_EVERY_MS).unref()
  }

  /** Each line with its end. */
  add(lines: string): void {
    if (this.#gathered.length > WAITING_CHARS_MAX) {
      this.#lost += lines.split('\n').length - 1
      return
    }
    this.#gathered += lines
    if (this.#gathered.length > GATHERED_CHARS) this.#flush()
  }

  /** Resolves when all that was added is with the system. */
  async flushed(): Promise<void> {
    this.#flush()
    await this.#writing
    if (this.#gathered !== '' && !this.#isFailing) await this.flushed()
  }

  #flush(): void {
    if (this.#isWriting || this.#gathered === '') return
    const text = this.#gathered
    this.#gathered = ''
    this.#isWriting = true
    this.#writing = this.#write(text)
      .then(() => {
        this.#isFailing = false
      })
      .catch((error: unknown) => {
        if (!this.#isFailing) this.#onFault(`access log "${this.#path}": ${String(error)}`)
        this.#isFailing = true
      })
      .finally(() => {
        this.#isWriting = false
      })
  }

  async #write(text: string): Promise<void> {
    const file = await this.#current()
    await file.appendFile(text, 'latin1')
    if (this.#lost === 0) return
    this.#onFault(`access log "${this.#path}": ${this.#lost} lines were lost`)
    this.#lost = 0
  }

  async #current(): Promise<FileHandle> {
    const there = await stat(this.#path).catch(() => undefined)
    if (there !== undefined && there.size > this.#rotateAtBytes) {
      await rename(`${this.#path}.1`, `${this.#path}.2`).catch(() => {})
      await rename(this.#path, `${this.#path}.1`)
    } else if (this.#file !== undefined && there?.ino === this.#inode) return this.#file
    await this.#file?.close()
    this.#file = undefined
    const file = await open(this.#path, 'a', LOG_MODE)
    this.#inode = (await file.stat()).ino
    this.#file = file
    return file
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.flushed()
    await this.#file?.close()
    this.#file = undefined
  }
}
