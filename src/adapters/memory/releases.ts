import { type Generation, generation, type Serial, serial } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { EpochMs } from '#base/time.ts'
import type { JournalEntry } from '#ports/journal.ts'
import {
  type Announced,
  type AnnounceFault,
  type CommitFault,
  type Head,
  type ReleaseStore,
  StoreError,
} from '#ports/store.ts'
import type { MemoryState } from './state.ts'

export class MemoryReleases implements ReleaseStore {
  readonly #state: MemoryState

  constructor(state: MemoryState) {
    this.#state = state
  }

  async head(): Promise<Head | undefined> {
    this.#state.check()
    return this.#head()
  }

  async history(limit: number): Promise<readonly Head[]> {
    this.#state.check()
    const heads = [...this.#state.heads.values()]
    return heads.toSorted((a, b) => b.release.serial - a.release.serial).slice(0, limit)
  }

  async reserveSerial(above?: Serial): Promise<Serial> {
    return this.#reserve('serial', above ?? 0, serial)
  }

  async reserveGeneration(above?: Generation): Promise<Generation> {
    return this.#reserve('generation', above ?? 0, generation)
  }

  async commit(
    head: Head,
    over: Generation | undefined,
    entry?: JournalEntry,
  ): Promise<Outcome<void, CommitFault>> {
    this.#state.check()
    const before = this.#head()
    const at = { serial: before?.release.serial, generation: before?.generation }
    const isAbove =
      head.generation > (at.generation ?? -1) && head.release.serial >= (at.serial ?? -1)
    if (at.generation !== over || !isAbove) return fail({ kind: 'overtaken', ...at })
    this.#state.heads.set(head.release.serial, head)
    this.#raise('serial', head.release.serial)
    this.#raise('generation', head.generation)
    this.#state.append(entry === undefined ? [] : [entry])
    this.#state.tell('releases')
    return ok(undefined)
  }

  async announced(): Promise<Announced | undefined> {
    this.#state.check()
    return this.#state.announced
  }

  async announce(
    number: Serial,
    at: EpochMs,
    entry?: JournalEntry,
  ): Promise<Outcome<void, AnnounceFault>> {
    this.#state.check()
    const before = this.#state.announced
    if (!this.#state.heads.has(number)) return fail({ kind: 'unknown-release' })
    if (before?.serial === number) return ok(undefined)
    if (before !== undefined && before.serial > number) {
      return fail({ kind: 'overtaken', serial: before.serial })
    }
    this.#state.announced = { serial: number, at }
    this.#state.append(entry === undefined ? [] : [entry])
    this.#state.tell('releases')
    return ok(undefined)
  }

  #reserve<T>(
    counter: 'serial' | 'generation',
    above: number,
    make: (value: number) => T | undefined,
  ): T {
    this.#state.check()
    this.#raise(counter, above)
    this.#state.counters[counter] += 1
    const number = make(this.#state.counters[counter])
    if (number === undefined) throw new StoreError('damaged', `count the next ${counter}`)
    return number
  }

  #raise(counter: 'serial' | 'generation', to: number): void {
    this.#state.counters[counter] = Math.max(this.#state.counters[counter], to)
  }

  #head(): Head | undefined {
    const newest = Math.max(...this.#state.heads.keys())
    const number = serial(newest)
    return number === undefined ? undefined : this.#state.heads.get(number)
  }
}
