/** A client that stays: it looks as often a day as it is told to, and when somebody wakes it. */
import type { Clock } from '#ports/clock.ts'

const DAY_MS = 86_400_000
/** So that clients which started together do not ask together for ever. */
const SPREAD = 0.2

export interface Pace {
  readonly checksADay: number
  readonly clock: Clock
  /** From 0 to 1. */
  readonly draw: () => number
}

/** Ends a wait early; one that rings while nobody waits ends the next wait: what woke it may have come too late for the run. */
export class Alarm {
  #ring: (() => void) | undefined
  #isRinging = false

  ring(): void {
    if (this.#ring === undefined) this.#isRinging = true
    else this.#ring()
  }

  /** Resolves after so long, or when it rings; rejects when aborted. */
  async wait(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const wasRung = this.#isRinging
    this.#isRinging = false
    if (wasRung) return
    const rung = new AbortController()
    this.#ring = () => rung.abort()
    try {
      await clock.sleep(ms, AbortSignal.any([signal, rung.signal]))
    } catch (error) {
      if (!rung.signal.aborted || signal.aborted) throw error
    } finally {
      this.#ring = undefined
    }
  }
}

/** Runs `once` now and then until it is aborted, which ends it quietly. */
export async function keepUpdating(
  { checksADay, clock, draw }: Pace,
  once: () => Promise<void>,
  { alarm, signal }: { readonly alarm: Alarm; readonly signal: AbortSignal },
): Promise<void> {
  const interval = DAY_MS / checksADay
  try {
    while (!signal.aborted) {
      await once()
      await alarm.wait(interval * (1 - SPREAD / 2 + SPREAD * draw()), clock, signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
