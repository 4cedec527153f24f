import { askWorker } from '#adapters/system/index.ts'
import type { Outcome } from '#base/outcome.ts'
import type { MakePatchFault, PatchRequest } from './make-patch-file.ts'

/** What goes into the thread, and what comes back. Errors cross over with message and cause only. */
export type WorkerRequest = Omit<PatchRequest, 'signal'>
export type WorkerAnswer =
  | { readonly kind: 'ended'; readonly outcome: Outcome<void, MakePatchFault> }
  | { readonly kind: 'failed'; readonly message: string; readonly cause: unknown }

/** The world failed while a patch was made. */
export class PatchMakerError extends Error {
  override readonly name = 'PatchMakerError'
  readonly code = 'cannot-make-patch'
}

/**
 * `makePatchFile` in a thread of its own: nobody waits while a large database is compared. Aborting stops it at the
 * next piece, and what it had begun is put away. Throws `PatchMakerError`.
 */
export async function makePatchInWorker(
  request: PatchRequest,
): Promise<Outcome<void, MakePatchFault>> {
  const { signal, ...data } = request
  const answer = await askWorker<WorkerAnswer>({
    module: new URL('./worker.ts', import.meta.url),
    data: data satisfies WorkerRequest,
    heapMibMax: HEAP_MIB_MAX,
    signal,
  })
  if (answer.kind === 'ended') return answer.outcome
  throw new PatchMakerError(answer.message, { cause: answer.cause })
}

/** Of a large change the script is held, up to 64 MiB, and twice over while it is packed. */
const HEAP_MIB_MAX = 512
