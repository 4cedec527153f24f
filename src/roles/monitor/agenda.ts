import type { EpochMs } from '#base/time.ts'

interface Entry<T> {
  readonly at: EpochMs
  readonly item: T
}

/** What is due when: a binary heap, since ten thousand mirrors are looked at one by one. */
export class Agenda<T> {
  readonly #heap: Entry<T>[] = []

  get size(): number {
    return this.#heap.length
  }

  /** When the first is due. */
  get nextAt(): EpochMs | undefined {
    return this.#heap[0]?.at
  }

  add(at: EpochMs, item: T): void {
    const heap = this.#heap
    const entry = { at, item }
    let place = heap.push(entry) - 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent]
      if (above === undefined || above.at <= at) break
      heap[place] = above
      place = parent
    }
    heap[place] = entry
  }

  /** The first, if it is due by then. */
  takeDue(now: EpochMs): T | undefined {
    const heap = this.#heap
    const first = heap[0]
    if (first === undefined || first.at > now) return undefined
    const last = heap.pop()
    if (last !== undefined && last !== first) this.#sink(last)
    return first.item
  }

  #sink(entry: Entry<T>): void {
    const heap = this.#heap
    let place = 0
    for (;;) {
      const left = 2 * place + 1
      const [a, b] = [heap[left], heap[left + 1]]
      if (a === undefined) break
      const useRight = b !== undefined && b.at < a.at
      const smaller = useRight ? b : a
      if (smaller.at >= entry.at) break
      heap[place] = smaller
      place = useRight ? left + 1 : left
    }
    heap[place] = entry
  }
}
