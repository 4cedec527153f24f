/** Lines that leave together: a message between threads costs as much as some twenty lines. */

/** What is lost with a thread that dies. */
const GATHERED_MS = 50
const GATHERED_CHARS = 64 * 1024

export class LineBatch {
  readonly #send: (lines: string) => void
  #gathered = ''
  #timer: NodeJS.Timeout | undefined

  constructor(send: (lines: string) => void) {
    this.#send = send
  }

  add(line: string): void {
    this.#gathered += line
    if (this.#gathered.length > GATHERED_CHARS) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), GATHERED_MS)
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const text = this.#gathered
    this.#gathered = ''
    if (text !== '') this.#send(text)
  }
}
