import { stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { loadPlaces } from './load.ts'
import { filesOf, GeoError, type PlaceData, type PlaceSource } from './source.ts'

/** A package's update replaces the file some times a year; a look costs nothing. */
const LOOK_EVERY_MS = 10_000

export interface PlaceWatch extends AsyncDisposable {
  /** Resolves after the first try, whatever came of it. */
  readonly first: Promise<void>
}

export interface WatchOptions {
  readonly onData: (data: PlaceData) => void
  /** Once for each reason, not once a look. The data before stay in use. */
  readonly onFault: (error: GeoError) => void
  readonly lookEveryMs?: number
}

/** Loads the data, and again whenever a file is another. */
export function watchPlaces(source: PlaceSource, options: WatchOptions): PlaceWatch {
  const stop = new AbortController()
  const { signal } = stop
  let seen = ''
  let said = ''
  const look = async (): Promise<void> => {
    const now = await stampOf(source)
    if (now === seen) return
    seen = now
    try {
      options.onData(await loadPlaces(source, signal))
      said = ''
    } catch (error) {
      if (signal.aborted || !(error instanceof GeoError)) throw error
      if (error.message !== said) options.onFault(error)
      said = error.message
    }
  }
  const first = look().catch(() => {})
  const follow = async (): Promise<void> => {
    await first
    while (!signal.aborted) {
      await wait(options.lookEveryMs ?? LOOK_EVERY_MS, undefined, { signal, ref: false })
      await look()
    }
  }
  const following = follow().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return {
    first,
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('Stopping'))
      await following
    },
  }
}

/** Changes when a file does; a missing one has a stamp, too. */
async function stampOf(source: PlaceSource): Promise<string> {
  const stamps = await Promise.all(
    filesOf(source).map(async (file) => {
      const found = await stat(file).catch(() => undefined)
      return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeMs}`
    }),
  )
  return stamps.join(', ')
}
