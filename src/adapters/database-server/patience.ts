import { seconds } from './unreachable.ts'

/** What an answer must at least bring, over and over. */
export interface Pace {
  readonly bytesMin: number
  readonly withinMs: number
  /** For the whole answer; what broke off there can go on. */
  readonly msMax: number
}

/**
 * Half a kilobyte a second, over a minute. freshclam is content with a byte a second, and so a server can hold it for years.
 * Guess: the slowest line on which anybody updates, a modem of 1996, carries six times as much.
 *
 * At that pace a gigabyte takes three weeks, and nobody else is asked meanwhile. In half a day, and two attempts more, that
 * modem has all of the largest database.
 */
export const PACE: Pace = { bytesMin: 30_000, withinMs: 60_000, msMax: 12 * 3_600_000 }

/** The server took too long, though it may not have been silent. */
export class TooSlowError extends Error {
  override readonly name = 'TooSlowError'
  readonly code = 'too-slow'
}

/** How long an answer is waited for: its head within a time, its body at a pace. `signal` is the caller's, or that. */
export class Patience implements Disposable {
  readonly signal: AbortSignal
  readonly #end = new AbortController()
  readonly #pace: Pace
  #timer: NodeJS.Timeout
  #bytes = 0
  #ms = 0

  constructor(signal: AbortSignal, headMsMax: number, pace: Pace) {
    this.signal = AbortSignal.any([signal, this.#end.signal])
    this.#pace = pace
    this.#timer = setTimeout(
      () =>
        this.#end.abort(new TooSlowError(`no whole head of an answer in ${seconds(headMsMax)}`)),
      headMsMax,
    )
  }

  headIsThere(): void {
    clearTimeout(this.#timer)
    this.#timer = setInterval(() => this.#look(), this.#pace.withinMs)
  }

  count(bytes: number): void {
    this.#bytes += bytes
  }

  #look(): void {
    const { bytesMin, withinMs, msMax } = this.#pace
    this.#ms += withinMs
    if (this.#bytes < bytesMin) {
      const came = `only ${this.#bytes} bytes came in ${seconds(withinMs)}`
      this.#end.abort(new TooSlowError(`it is too slow: ${came}`))
    }
    if (this.#ms >= msMax) {
      this.#end.abort(new TooSlowError(`it is too slow: not all came in ${seconds(msMax)}`))
    }
    this.#bytes = 0
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
