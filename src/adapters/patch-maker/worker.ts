/** The thread of `makePatchInWorker`. It answers once, whatever happens. */
import { parentPort, workerData } from 'node:worker_threads'
import { makePatchFile } from './make-patch-file.ts'
import type { WorkerAnswer, WorkerRequest } from './worker-request.ts'

const stop = new AbortController()
parentPort?.once('message', () => stop.abort())

const request: WorkerRequest = workerData
const answer = await makePatchFile({ ...request, signal: stop.signal }).then(
  (outcome): WorkerAnswer => ({ kind: 'ended', outcome }),
  (error: unknown): WorkerAnswer => ({
    kind: 'failed',
    message: error instanceof Error ? error.message : String(error),
    cause: error instanceof Error ? error.cause : undefined,
  }),
)
parentPort?.postMessage(answer)
