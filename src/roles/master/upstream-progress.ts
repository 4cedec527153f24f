import { stat } from 'node:fs/promises'
import type { UpstreamWorld } from './upstream-world.ts'

/** A line now and then is enough for whoever waits for the first database. */
const EVERY_MS = 10_000
const MIB = 1024 * 1024

/** Tells how much of a download is here, until it is disposed. */
export function tellProgress(
  path: string,
  file: string,
  { clock, onEvent }: Pick<UpstreamWorld, 'clock' | 'onEvent'>,
): AsyncDisposable {
  const stop = new AbortController()
  const telling = (async () => {
    for (;;) {
      await clock.sleep(EVERY_MS, stop.signal).catch(() => {})
      if (stop.signal.aborted) return
      const found = await stat(path).catch(() => undefined)
      if (found) onEvent(`upstream: ${file}: ${(found.size / MIB).toFixed(1)} MiB are here`)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('The download is over'))
      await telling
    },
  }
}
