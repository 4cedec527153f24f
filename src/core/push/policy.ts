/** How a master pushes. Times in milliseconds. From the settings `[master.push]`. */
export interface PushPolicy {
  /** Mirrors that pull at the same time: what the master's line can feed. */
  readonly parallel: number
  readonly connectTimeoutMs: number
  /** From the login to the end of the mirror's sync. */
  readonly syncTimeoutMs: number
  /** Tries after the first; then the next push or the six-hourly run makes it up (R103). */
  readonly retries: number
  readonly retryBaseMs: number
  readonly retryMaxMs: number
  /** One mirror goes first with every release; when mirrors refuse it, nobody else gets it. */
  readonly canary: boolean
}

/** Wait before try number `attempt` (the first retry is 1): doubled each time, capped, half of it by the dice. */
export function retryDelayMs(attempt: number, policy: PushPolicy, draw: () => number): number {
  const full = Math.min(policy.retryBaseMs * 2 ** (attempt - 1), policy.retryMaxMs)
  return Math.round(full / 2 + (full / 2) * draw())
}
