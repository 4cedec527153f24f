import { setImmediate } from 'node:timers/promises'
import { type EpochMs, epochMs } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'

interface Sleeper {
  readonly at: EpochMs
  readonly order: number
  readonly wake: () => void
}

/**
 * A clock that stands until it is turned. Sleepers wake in the order of their time, each in a quiet moment: after
 * everything that the one before set going has come to rest.
 */
export class SimClock implements Clock {
  #now: EpochMs
  #order = 0
  readonly #sleepers: Sleeper[] = []

  constructor(start: EpochMs) {
    this.#now = start
  }

  now(): EpochMs {
    return this.#now
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const at = epochMs(this.#now + Math.max(0, Math.round(ms)))
    const sleeper: Sleeper = {
      at,
      order: this.#order++,
      wake: () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      },
    }
    const onAbort = () => {
      const index = this.#sleepers.indexOf(sleeper)
      if (index >= 0) this.#sleepers.splice(index, 1)
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const after = this.#sleepers.findIndex((one) => one.at > at)
    this.#sleepers.splice(after < 0 ? this.#sleepers.length : after, 0, sleeper)
    return promise
  }

  /** Turns the clock to `at`; everything that is due until then happens. */
  async turnTo(at: EpochMs): Promise<void> {
    await setImmediate()
    for (;;) {
      const [first] = this.#sleepers
      if (first === undefined || first.at > at) break
      this.#sleepers.shift()
      this.#now = first.at
      first.wake()
      await setImmediate()
    }
    this.#now = at
  }
}

/** A clock of one machine, which may be wrong. */
export class MachineClock implements Clock {
  readonly #true: Clock
  wrongByMs = 0

  constructor(truth: Clock) {
    this.#true = truth
  }

  now(): EpochMs {
    return epochMs(this.#true.now() + this.wrongByMs)
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.#true.sleep(ms, signal)
  }
}
