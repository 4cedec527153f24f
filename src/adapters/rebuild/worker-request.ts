import { DatabaseFileError, type DatabaseFileErrorCode } from '#adapters/databases/index.ts'
import { askWorker } from '#adapters/system/index.ts'
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
  const { signal, ...data } = request
  const answer = await askWorker<WorkerAnswer>({
    module: new URL('./worker.ts', import.meta.url),
    data: { ...data, header: Uint8Array.from(request.header) },
    heapMibMax: HEAP_MIB_MAX,
    signal,
  })
  if (answer.kind === 'ended') return answer.outcome
  throw new DatabaseFileError(answer.code, answer.action, { cause: answer.cause })
}

/** Far above what it takes (measured: 40). */
const HEAP_MIB_MAX = 256
