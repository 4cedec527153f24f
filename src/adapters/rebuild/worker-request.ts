import { Worker } from 'node:worker_threads'
import { DatabaseFileError, type DatabaseFileErrorCode } from '#adapters/databases/index.ts'
import type { Outcome } from '#base/outcome.ts'
import type { RebuildFault, RebuildRequest, Rebuilt } from './rebuild-file.ts'

/** What goes into the thread, and what comes back. */
export type WorkerRequest = Omit<RebuildRequest, 'signal'>
export type WorkerAnswer =
  | { readonly kind: 'ended'; readonly outcome: Outcome<Rebuilt, RebuildFault> }
  | {
      readonly kind: 'failed'
      readonly code: DatabaseFileErrorCode
      readonly action: string
      readonly cause: unknown
    }

/**
 * `rebuildFile` in a thread of its own, so that nobody waits while it packs. Aborting stops it at the next piece, and
 * what it had begun is put away; a thread that does not stop is ended, and may leave it. Throws `DatabaseFileError`, also for a patch that cannot be read.
 */
export async function rebuildInWorker(
  request: RebuildRequest,
): Promise<Outcome<Rebuilt, RebuildFault>> {
  const { signal, ...workerData } = request
  signal.throwIfAborted()
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { ...workerData, header: Uint8Array.from(request.header) },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
  })
  let grace: NodeJS.Timeout | undefined
  const abort = () => {
    worker.postMessage('abort')
    grace = setTimeout(() => void worker.terminate(), STOP_GRACE_MS)
  }
  signal.addEventListener('abort', abort)
  try {
    const answer = await new Promise<WorkerAnswer>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) =>
        reject(signal.reason ?? new Error(`Cannot rebuild: the thread ended with ${code}`)),
      )
    })
    signal.throwIfAborted()
    if (answer.kind === 'ended') return answer.outcome
    throw new DatabaseFileError(answer.code, answer.action, { cause: answer.cause })
  } finally {
    clearTimeout(grace)
    signal.removeEventListener('abort', abort)
    await worker.terminate()
  }
}

/** Guess: a piece takes milliseconds, putting a large scratch folder away a second. */
const STOP_GRACE_MS = 10_000
/** Far above what it takes (measured: 40); a leak ends the thread, not the process. */
const HEAP_MIB_MAX = 256
