import { isDeepStrictEqual } from 'node:util'

/** What became of new settings while a mirror runs, in the words of an operator. */
export interface Changes {
  /** Parts that follow the new settings now. */
  readonly done: readonly string[]
  /** Parts that stay as they were, and why. */
  readonly left: readonly string[]
}

/** Changes part after part: one that fails stays as it was, is told, and keeps no other from following. */
export class ChangeReport implements Changes {
  readonly done: string[] = []
  readonly left: string[] = []

  /** Does the work when the two differ. */
  async follow<T>(part: string, now: T, wanted: T, work: () => unknown): Promise<void> {
    if (isDeepStrictEqual(now, wanted)) return
    try {
      await work()
      this.done.push(part)
    } catch (error) {
      this.left.push(`${part}: ${wordsOf(error)}`)
    }
  }
}

/** What was tried, and why it could not be. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
