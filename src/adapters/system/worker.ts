import { Worker } from 'node:worker_threads'

export interface WorkerTask {
  /** The module that the thread runs. It posts one message, its answer. */
  readonly module: URL
  readonly data: unknown
  /** A leak ends the thread, not the process. */
  readonly heapMibMax: number
  readonly signal: AbortSignal
}

/** Guess: a piece takes milliseconds, putting a large scratch folder away a second. */
const STOP_GRACE_MS = 10_000

/**
 * Has a thread of its own do work that would keep this one busy. When the signal aborts, the thread is sent a message,
 * so that it puts away what it has begun, and the signal's reason is thrown once it has answered.
 */
export async function askWorker<Answer>(task: WorkerTask): Promise<Answer> {
  const { module, data, heapMibMax, signal } = task
  signal.throwIfAborted()
  const worker = new Worker(module, {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: heapMibMax },
  })
  let grace: NodeJS.Timeout | undefined
  const abort = () => {
    worker.postMessage('abort')
    grace = setTimeout(() => void worker.terminate(), STOP_GRACE_MS)
  }
  signal.addEventListener('abort', abort)
  try {
    const answer = await new Promise<Answer>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) =>
        reject(signal.reason ?? new Error(`Cannot go on: the thread ended with ${code}`)),
      )
    })
    signal.throwIfAborted()
    return answer
  } finally {
    clearTimeout(grace)
    signal.removeEventListener('abort', abort)
    await worker.terminate()
  }
}
