/**
 * Which server is asked next. Each is tried as often as the configuration says, in its order; one that has failed for good
 * comes last for the rest of the run, so that a dead first mirror costs its attempts once and not for each file.
 */
export class ServerWalk {
  #order: readonly string[]
  #leftAloneSeconds = 0

  constructor(urls: readonly string[]) {
    this.#order = [...new Set(urls)]
  }

  /** Servers in the order in which they are to be asked now. */
  get order(): readonly string[] {
    return this.#order
  }

  /** It did not answer, or had not what the others had. */
  putLast(url: string): void {
    // Files by address come from servers that are none of these.
    if (!this.#order.includes(url) || this.#order.at(-1) === url) return
    this.#order = [...this.#order.filter((one) => one !== url), url]
  }

  /** It is not to be believed; nobody asks it again in this run. */
  leaveOut(url: string): void {
    this.#order = this.#order.filter((one) => one !== url)
  }

  /** It asked to be left alone for so long; nobody asks it again in this run. */
  leaveAlone(url: string, seconds: number): void {
    this.leaveOut(url)
    this.#leftAloneSeconds = Math.max(this.#leftAloneSeconds, seconds)
  }

  /** The longest that any has asked for, when all have. */
  get allLeftAloneSeconds(): number | undefined {
    const isAlone = this.#order.length === 0 && this.#leftAloneSeconds > 0
    return isAlone ? this.#leftAloneSeconds : undefined
  }
}
