import type { EpochMs } from '#base/time.ts'

/** Time as the roles see it. The system's clock in production, a hand-turned one in simulations. */
export interface Clock {
  now(): EpochMs
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}
