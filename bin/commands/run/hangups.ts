/**
 * SIGHUPs of this process, one after the other: several that come while one is answered count as one more. They are
 * taken until the process is gone, since one that nobody takes ends it.
 */
export class Hangups {
  #isPending = false
  #wake = () => {}

  constructor() {
    process.on('SIGHUP', () => {
      this.#isPending = true
      this.#wake()
    })
  }

  /** Resolves to true at the next one, to false when the signal aborts first. */
  async next(signal: AbortSignal): Promise<boolean> {
    if (!this.#isPending && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = () => resolve()
      signal.addEventListener('abort', this.#wake, { once: true })
      await promise
      signal.removeEventListener('abort', this.#wake)
    }
    this.#isPending = false
    return !signal.aborted
  }
}
