/** The thread of `rebuildInWorker`. It answers once, whatever happens. */
import { parentPort, workerData } from 'node:worker_threads'
import { DatabaseFileError } from '#adapters/databases/index.ts'
import { rebuildFile } from './rebuild-file.ts'
import type { WorkerAnswer, WorkerRequest } from './worker-request.ts'

const stop = new AbortController()
parentPort?.once('message', () => stop.abort())

const request: WorkerRequest = workerData
const answer = await rebuildFile({ ...request, signal: stop.signal }).then(
  (outcome): WorkerAnswer => ({ kind: 'ended', outcome }),
  (error: unknown): WorkerAnswer => ({
    kind: 'failed',
    code: error instanceof DatabaseFileError ? error.code : 'unreadable',
    action: error instanceof Error ? error.message.replace(/^Cannot /, '') : 'rebuild',
    cause: error instanceof Error ? error.cause : undefined,
  }),
)
parentPort?.postMessage(answer)
