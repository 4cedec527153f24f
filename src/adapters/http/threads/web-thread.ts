/** A thread of a mirror's web. One that ends on its own is started again. */
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type BirpcReturn, createBirpc } from 'birpc'
import { CLOSE_GRACE_MS } from '../limits/bounds.ts'
import type { MainCalls, WorkerBirth, WorkerCalls } from './worker-calls.ts'

/** Far more than a start takes on a slow disk. */
const START_WITHIN_MS = 60_000
/** What a thread does at once takes milliseconds; one that needs longer hangs. */
const ANSWER_WITHIN_MS = 10_000
/**
 * It is waited for in so many parts: an answer that came while this thread was busy, or the program was stopped, is heard
 * before the next part has gone.
 */
const WAITING_PARTS = 10
/** Nobody may ask anything of it for hours, while its part of the clients waits. */
const LOOK_EVERY_MS = 30_000
const RESTART_AFTER_MS = 100
/** One that has lived for so long may be started again as the first time. */
const RESTART_AFTER_MAX_MS = 60_000

export type Calls = BirpcReturn<WorkerCalls, MainCalls>

export interface WebThreadOptions {
  readonly birth: WorkerBirth
  readonly answers: MainCalls
  /**
   * Asks one that was just started for all that the others were asked for. Whatever is asked after this was called comes
   * after it.
   */
  readonly greet: (calls: Calls) => Promise<unknown>
  /** It has gone, and what it had counted is to be forgotten. */
  readonly onEnded: (reason: string) => void
}

interface Life {
  readonly thread: Worker
  readonly calls: Calls
  readonly greeted: Promise<unknown>
  readonly ended: Promise<void>
  isUp: boolean
  reason: string
}

export class WebThread implements AsyncDisposable {
  readonly #options: WebThreadOptions
  readonly #stop = new AbortController()
  readonly #keptUp: Promise<void>
  readonly #looking: NodeJS.Timeout
  #life: Life

  private constructor(options: WebThreadOptions, first: Life) {
    this.#options = options
    this.#life = first
    this.#keptUp = this.#keepUp()
    const look = () => void this.ask((calls) => calls.settle())
    this.#looking = setInterval(look, LOOK_EVERY_MS).unref()
  }

  /** Throws when it does not come up. */
  static async start(options: WebThreadOptions): Promise<WebThread> {
    const life = begin(options)
    try {
      await life.greeted
    } catch (error) {
      await life.ended
      throw new Error(`Cannot start web thread ${options.birth.row + 1}: ${life.reason}`, {
        cause: error,
      })
    }
    return new WebThread(options, life)
  }

  /** Undefined: it ended before it had answered, or hung and was ended. The next one is greeted with the same. */
  async ask<T>(question: (calls: Calls) => Promise<T>): Promise<T | undefined> {
    const life = this.#life
    let partsLeft = WAITING_PARTS
    const timer = setInterval(() => {
      if (life.isUp) partsLeft -= 1
      if (partsLeft === 0) end(life, `no answer within ${ANSWER_WITHIN_MS / 1000} seconds`)
    }, ANSWER_WITHIN_MS / WAITING_PARTS)
    try {
      return await this.waitFor(question)
    } finally {
      clearInterval(timer)
    }
  }

  /** The same for what may take long. */
  async waitFor<T>(question: (calls: Calls) => Promise<T>): Promise<T | undefined> {
    const { calls } = this.#life
    if (calls.$closed) return undefined
    try {
      return await question(calls)
    } catch (error) {
      if (calls.$closed) return undefined
      throw error
    }
  }

  async terminate(): Promise<void> {
    await this.#life.thread.terminate()
  }

  async #keepUp(): Promise<void> {
    const { signal } = this.#stop
    let restartAfter = RESTART_AFTER_MS
    while (!signal.aborted) {
      const born = performance.now()
      await this.#life.ended
      if (signal.aborted) return
      this.#options.onEnded(this.#life.reason)
      if (performance.now() - born > RESTART_AFTER_MAX_MS) restartAfter = RESTART_AFTER_MS
      await wait(restartAfter, undefined, { signal }).catch(() => {})
      restartAfter = Math.min(2 * restartAfter, RESTART_AFTER_MAX_MS)
      if (!signal.aborted) this.#beginAgain()
    }
  }

  #beginAgain(): void {
    try {
      this.#life = begin(this.#options)
    } catch (error) {
      // The system has no thread for us at the moment. The old life has ended, so it is tried again.
      this.#life.reason = wordsOf(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    clearInterval(this.#looking)
    const life = this.#life
    const timer = setTimeout(() => end(life, 'did not end'), 3 * CLOSE_GRACE_MS)
    try {
      await this.waitFor((calls) => calls.endAll())
    } finally {
      clearTimeout(timer)
      await life.thread.terminate()
      await this.#keptUp
    }
  }
}

function begin({ birth, answers, greet }: WebThreadOptions): Life {
  const thread = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: birth,
    name: `web ${birth.row + 1}`,
  })
  const calls = createBirpc<WorkerCalls, MainCalls>(answers, {
    post: (message) => thread.postMessage(message),
    on: (onMessage) => {
      thread.on('message', onMessage)
    },
    timeout: -1,
  })
  thread.on('error', (error: unknown) => {
    life.reason = wordsOf(error)
  })
  const ended = new Promise<void>((resolve) => {
    thread.once('exit', () => {
      calls.$close()
      resolve()
    })
  })
  const greeted = greet(calls)
  const life: Life = { thread, calls, greeted, ended, isUp: false, reason: '' }
  const timer = setTimeout(() => {
    end(life, `no start within ${START_WITHIN_MS / 1000} seconds`)
  }, START_WITHIN_MS)
  greeted
    .then(() => {
      life.isUp = true
    })
    .catch((error: unknown) => end(life, wordsOf(error)))
    .finally(() => clearTimeout(timer))
  return life
}

function end(life: Life, reason: string): void {
  life.reason ||= reason
  void life.thread.terminate()
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
