/** The thread that reads: a second of work must not keep the answers waiting. */
import { parentPort, workerData } from 'node:worker_threads'
import { readMmdb } from './read-mmdb.ts'
import { readTor } from './read-tor.ts'
import { GeoError, type PlaceData, type PlaceSource } from './source.ts'

export type WorkerWord =
  | { readonly kind: 'data'; readonly data: PlaceData }
  | { readonly kind: 'failed'; readonly code: GeoError['code']; readonly action: string }

function read(source: PlaceSource): WorkerWord {
  try {
    const data = source.kind === 'tor' ? readTor([source.ipv4, source.ipv6]) : readMmdb(source.file)
    return { kind: 'data', data }
  } catch (error) {
    if (error instanceof GeoError) {
      return { kind: 'failed', code: error.code, action: error.message.replace(/^Cannot /, '') }
    }
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const words = error instanceof Error ? error.message : String(error)
    return {
      kind: 'failed',
      code: missing ? 'missing' : 'unreadable',
      action: `read places: ${words}`,
    }
  }
}

parentPort?.postMessage(read(workerData))
