import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { GeoError, geoError, type PlaceData, type PlaceSource } from './source.ts'
import type { WorkerWord } from './worker.ts'

/** Reads the data in a thread of its own. Throws `GeoError`, or the signal's reason. */
export async function loadPlaces(source: PlaceSource, signal: AbortSignal): Promise<PlaceData> {
  signal.throwIfAborted()
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: source })
  try {
    const [word]: [WorkerWord] = (await once(worker, 'message', { signal })) as [WorkerWord]
    if (word.kind === 'failed') throw new GeoError(word.code, word.action)
    return word.data
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof GeoError) throw error
    throw geoError('unreadable', 'read places', error)
  } finally {
    await worker.terminate()
  }
}
