import type { Clock } from '#ports/clock.ts'

/** Runs are spread by up to a tenth, so that masters and mirrors do not meet at full hours (field-notes 1.10). */
const JITTER = 0.1

/**
 * Does `work` every `everyMs`, the first time after that long, until it is disposed. What it throws is told, and the next round
 * comes all the same.
 */
export function repeat(
  work: () => Promise<void>,
  options: {
    readonly everyMs: number
    readonly clock: Clock
    readonly draw: () => number
    readonly onError: (line: string) => void
  },
): AsyncDisposable {
  const { everyMs, clock, draw, onError } = options
  const stop = new AbortController()
  const rounds = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const wait = everyMs * (1 - JITTER + 2 * JITTER * draw())
      await clock.sleep(wait, stop.signal).catch(() => {})
      if (stop.signal.aborted) return
      await tellErrors(work, onError)
    }
  }
  const running = rounds()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('Stopping'))
      await running
    },
  }
}

/** What throws is told and does not end the caller. */
export async function tellErrors(
  work: () => Promise<void>,
  onError: (line: string) => void,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    onError(error instanceof Error ? error.message : String(error))
  }
}
