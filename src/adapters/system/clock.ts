import { setTimeout as wait } from 'node:timers/promises'
import { type EpochMs, epochMs } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'

/** The machine's own clock. */
export const systemClock: Clock = {
  now(): EpochMs {
    return epochMs(Date.now())
  },
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await wait(ms, undefined, { signal })
  },
}
