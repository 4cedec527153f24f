import type { Journal, JournalEntry } from '#ports/journal.ts'
import { type JournalStore, StoreError } from '#ports/store.ts'

/** Where entries wait while the store is away. */
export interface WaitingEntries extends Journal {
  read(): Promise<readonly JournalEntry[]>
  remove(): Promise<void>
}

/**
 * The network's journal as a master writes it: into the store, and while that is away into a file that goes into the
 * store when it is back. Nothing is lost; after a crash between the two an entry may be there twice.
 */
export class StoreJournal implements Journal {
  readonly #store: JournalStore
  readonly #waiting: WaitingEntries
  #turn: Promise<unknown> = Promise.resolve()
  /** Until the file was looked at. */
  #mayWait = true

  constructor(store: JournalStore, waiting: WaitingEntries) {
    this.#store = store
    this.#waiting = waiting
  }

  append(entry: JournalEntry): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#deliver()
        await this.#store.append(entry)
      } catch (error) {
        if (!isAway(error)) throw error
        this.#mayWait = true
        await this.#waiting.append(entry)
      }
    })
  }

  /** Brings what waited into the store. Called when the store may be back. */
  deliver(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#deliver()
      } catch (error) {
        if (!isAway(error)) throw error
      }
    })
  }

  async #deliver(): Promise<void> {
    if (!this.#mayWait) return
    const entries = await this.#waiting.read()
    if (entries.length > 0) await this.#store.appendAll(entries)
    await this.#waiting.remove()
    this.#mayWait = false
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }
}

function isAway(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'away'
}
