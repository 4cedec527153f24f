/**
 * Who may still be waited for. Each connection has one moment by which it must have got on; one look a second at all
 * of them costs less than a timer each, and ten thousand idle ones cost next to nothing.
 */

const LOOK_EVERY_MS = 1_000

export interface Watched {
  /** Milliseconds as `Watch.now` tells them. */
  deadline: number
  onLate(): void
}

export class Watch implements Disposable {
  readonly #watched = new Set<Watched>()
  readonly #timer: NodeJS.Timeout
  /** A second too old at most. */
  now = performance.now()

  constructor() {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref()
  }

  add(one: Watched): void {
    this.#watched.add(one)
  }

  delete(one: Watched): void {
    this.#watched.delete(one)
  }

  #look(): void {
    this.now = performance.now()
    for (const one of this.#watched) {
      if (one.deadline <= this.now) one.onLate()
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
