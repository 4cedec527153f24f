import { PLACE_COUNT } from '#core/places/index.ts'
import type { QueryReader } from '#formats/dns-message/index.ts'

/** For one name and type: one for everybody, or one a place. */
interface Entry<T> {
  readonly everybody: T | undefined
  readonly byPlace: (T | undefined)[]
}

/** What is kept for questions of class IN, by name, type and, where it matters, the client's place. */
export class Kept<T> {
  readonly #names = new Map<string, Map<number, Entry<T>>>()

  /** Names that have something. */
  get size(): number {
    return this.#names.size
  }

  /** `placeOf` is called only where it depends on the client. */
  get({ key, type }: QueryReader, placeOf: () => number): T | undefined {
    const entry = this.#names.get(key)?.get(type)
    return entry && (entry.everybody ?? entry.byPlace[placeOf()])
  }

  /** `place` undefined: it is everybody's. */
  set({ key, type }: QueryReader, place: number | undefined, value: T): void {
    const types = this.#names.get(key) ?? new Map<number, Entry<T>>()
    this.#names.set(key, types)
    if (place === undefined) {
      types.set(type, { everybody: value, byPlace: [] })
      return
    }
    const byPlace = types.get(type)?.byPlace ?? new Array(PLACE_COUNT).fill(undefined)
    byPlace[place] = value
    types.set(type, { everybody: undefined, byPlace })
  }
}
