import type { Clock } from '#ports/clock.ts'
import type { Jobs } from '#ports/store.ts'
import { StoreError } from '#ports/store.ts'

export interface LeaseOptions {
  readonly self: string
  readonly jobs: Jobs
  readonly clock: Clock
  /** How long others and an absent store are waited for. */
  readonly patienceMs: number
}

/** Whoever publishes holds it: of the masters of one store only one judges and publishes at a time. */
export const RELEASE_LEASE = 'release'
/** A master that died holds up the others for this long. Renewed three times as often. */
const TTL_MS = 60_000
const RENEW_EVERY_MS = TTL_MS / 3
const LOOK_EVERY_MS = 1000

/**
 * Waits for the lease, and says once what it waits for. Throws `StoreError('away')` when patience ends, or the
 * signal's reason. Dispose it to let the next one in.
 */
export async function holdReleaseLease(
  options: LeaseOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const { clock, patienceMs } = options
  const deadline = clock.now() + patienceMs
  let said = ''
  for (;;) {
    const obstacle = await take(options)
    if (obstacle === undefined) return untilReleased(options)
    if (obstacle !== said) say(`${obstacle}; publishing waits for it`)
    said = obstacle
    if (clock.now() >= deadline) throw new StoreError('away', `publish: ${obstacle}`)
    await clock.sleep(LOOK_EVERY_MS, signal)
  }
}

/** Undefined when it is ours, else what stands in the way. */
async function take({ self, jobs, clock }: LeaseOptions): Promise<string | undefined> {
  try {
    const lease = await jobs.lease(RELEASE_LEASE, self, TTL_MS, clock.now())
    return lease === undefined ? 'another master is publishing now' : undefined
  } catch (error) {
    if (error instanceof StoreError && error.code === 'away') return 'the store is away'
    throw error
  }
}

function untilReleased(options: LeaseOptions): AsyncDisposable {
  const { self, jobs } = options
  const renewing = keepRenewed(RELEASE_LEASE, options)
  return {
    async [Symbol.asyncDispose]() {
      await renewing[Symbol.asyncDispose]()
      // One that cannot be ended now ends by itself.
      await jobs.endLease(RELEASE_LEASE, self).catch(() => {})
    },
  }
}

/**
 * Keeps a lease that one has until it is disposed, which does not end the lease. One that could not be renewed is no reason to
 * stop: what matters is refused when it is committed.
 */
export function keepRenewed(
  name: string,
  { self, jobs, clock }: Pick<LeaseOptions, 'self' | 'jobs' | 'clock'>,
): AsyncDisposable {
  const stop = new AbortController()
  const renewing = (async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(RENEW_EVERY_MS, stop.signal).catch(() => {})
      if (stop.signal.aborted) return
      await jobs.lease(name, self, TTL_MS, clock.now()).catch(() => {})
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('The work is over'))
      await renewing
    },
  }
}
