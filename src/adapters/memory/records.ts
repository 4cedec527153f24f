import { describeJsonFault, type JsonCodec } from '#base/json.ts'
import { isPlainName } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { JournalEntry } from '#ports/journal.ts'
import {
  type Records,
  type Revision,
  type Stored,
  StoreError,
  type StorePart,
  type Write,
  type WriteFault,
} from '#ports/store.ts'
import type { Kept, MemoryState } from './state.ts'

export interface MemoryKind<T> {
  readonly kind: string
  readonly codec: JsonCodec<T>
  readonly part: StorePart
  readonly kept: Map<string, Kept<T>>
}

export class MemoryRecords<T> implements Records<T> {
  readonly #state: MemoryState
  readonly #of: MemoryKind<T>

  constructor(state: MemoryState, of: MemoryKind<T>) {
    this.#state = state
    this.#of = of
  }

  async list(): Promise<readonly Stored<T>[]> {
    this.#state.check()
    const names = [...this.#of.kept.keys()].sort()
    return names.flatMap((name) => this.#stored(name) ?? [])
  }

  async get(name: string): Promise<Stored<T> | undefined> {
    this.#state.check()
    return this.#stored(name)
  }

  async put(
    name: string,
    value: T,
    over: Revision | undefined,
    entry?: JournalEntry,
  ): Promise<Outcome<Revision, WriteFault>> {
    this.#state.check()
    const write = { name, value, over, ...(entry === undefined ? {} : { entry }) }
    return this.#write(write, this.#copy(write))
  }

  async putAll(writes: readonly Write<T>[]): Promise<readonly Outcome<Revision, WriteFault>[]> {
    this.#state.check()
    if (new Set(writes.map(({ name }) => name)).size < writes.length) {
      throw new StoreError('refused', `write one ${this.#of.kind} twice at once`)
    }
    const copies = writes.map((write) => ({ write, copy: this.#copy(write) }))
    return copies.map(({ write, copy }) => this.#write(write, copy))
  }

  async remove(
    name: string,
    over: Revision,
    entry?: JournalEntry,
  ): Promise<Outcome<void, WriteFault>> {
    this.#state.check()
    const fault = this.#faultOf(name, over)
    if (fault !== undefined) return fail(fault)
    this.#of.kept.delete(name)
    this.#state.append(entry === undefined ? [] : [entry])
    this.#state.tell(this.#of.part)
    return ok(undefined)
  }

  #write({ name, over, entry }: Write<T>, value: T): Outcome<Revision, WriteFault> {
    const fault = this.#faultOf(name, over)
    if (fault !== undefined) return fail(fault)
    this.#state.counters.revision += 1
    const { revision } = this.#state.counters
    this.#of.kept.set(name, { value, revision })
    this.#state.append(entry === undefined ? [] : [entry])
    this.#state.tell(this.#of.part)
    return ok(revision)
  }

  /** What a store on disk would refuse is refused here too, and what is kept is nobody else's object. */
  #copy({ name, value }: Write<T>): T {
    const { kind, codec } = this.#of
    if (!isPlainName(name)) throw new StoreError('refused', `write ${kind} "${name}": bad name`)
    const copy = codec.parse(codec.print(value))
    if (copy.ok) return copy.value
    throw new StoreError('refused', `write ${kind} "${name}": ${describeJsonFault(copy.fault)}`)
  }

  #stored(name: string): Stored<T> | undefined {
    const kept = this.#of.kept.get(name)
    return kept === undefined ? undefined : { name, ...kept }
  }

  #faultOf(name: string, over: Revision | undefined): WriteFault | undefined {
    const revision = this.#of.kept.get(name)?.revision
    if (revision === over) return undefined
    if (over === undefined) return { kind: 'exists' }
    if (revision === undefined) return { kind: 'absent' }
    return { kind: 'changed-meanwhile', revision }
  }
}
