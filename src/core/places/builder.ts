import { placeNumber, type RangeTable, wordAt } from './range-table.ts'

/** Whole addresses, both ends included. */
export interface CountryRange {
  readonly from: Uint8Array
  readonly to: Uint8Array
  /** Two capital letters; what is no country counts as nowhere. */
  readonly country: string
}

const FIRST_ROOM = 4096
const WORD = 0x1_0000_0000

/** Makes a table of ranges that come in ascending order, each family by itself. */
export class RangeTableBuilder {
  readonly #ipv4 = new Boundaries(1)
  readonly #ipv6 = new Boundaries(WORD)

  /** False: it begins before the end of the one before, or ends before it begins. */
  add({ from, to, country }: CountryRange): boolean {
    const place = placeNumber(country)
    if (from.byteLength !== to.byteLength) return false
    if (from.byteLength === 4) return this.#ipv4.add(0, wordAt(from, 0), 0, wordAt(to, 0), place)
    return this.#ipv6.addFine(wordAt(from, 0), wordAt(from, 4), wordAt(to, 0), wordAt(to, 4), place)
  }

  build(): RangeTable {
    const ipv6 = this.#ipv6.take()
    const ipv4 = this.#ipv4.take()
    return { ipv4: { starts: ipv4.low, places: ipv4.places }, ipv6 }
  }
}

/** Starts of ranges, as pairs of words; what lies between two ranges is place 0. */
class Boundaries {
  #high = new Uint32Array(FIRST_ROOM)
  #low = new Uint32Array(FIRST_ROOM)
  #places = new Uint16Array(FIRST_ROOM)
  #count = 0
  /** First address behind the last range. */
  #nextHigh = 0
  #nextLow = 0
  readonly #endHigh: number

  /** `endHigh` is the high word behind the last address of all. */
  constructor(endHigh: number) {
    this.#endHigh = endHigh
  }

  /** As `add`, for ranges that may begin or end inside of the last pair that is taken: the first has it. */
  addFine(high: number, low: number, toHigh: number, toLow: number, place: number): boolean {
    if (!isBefore(high, low, this.#nextHigh, this.#nextLow)) {
      return this.add(high, low, toHigh, toLow, place)
    }
    const isLastTaken = low === WORD - 1 ? this.#nextLow === 0 : this.#nextLow === low + 1
    if (!isLastTaken || isBefore(toHigh, toLow, high, low)) return false
    if (isBefore(toHigh, toLow, this.#nextHigh, this.#nextLow)) return true
    return this.add(this.#nextHigh, this.#nextLow, toHigh, toLow, place)
  }

  add(fromHigh: number, fromLow: number, toHigh: number, toLow: number, place: number): boolean {
    if (isBefore(toHigh, toLow, fromHigh, fromLow)) return false
    if (isBefore(fromHigh, fromLow, this.#nextHigh, this.#nextLow)) return false
    const touches = fromHigh === this.#nextHigh && fromLow === this.#nextLow && this.#count > 0
    // The gap that the range before had left open is none.
    if (touches) this.#count -= 1
    if (!touches || this.#places[this.#count - 1] !== place) this.#push(fromHigh, fromLow, place)
    this.#nextLow = toLow + 1
    this.#nextHigh = toHigh
    if (this.#nextLow === WORD) {
      this.#nextLow = 0
      this.#nextHigh += 1
    }
    this.#push(this.#nextHigh, this.#nextLow, 0)
    return true
  }

  /** Shared between threads, without the room that was not needed. */
  take() {
    // A range up to the very last address left a boundary that no address reaches, and no word holds.
    const last = this.#count - 1
    const endless = last >= 0 && this.#nextHigh >= this.#endHigh
    const count = endless ? last : this.#count
    const words = () => new Uint32Array(new SharedArrayBuffer(count * 4))
    const [high, low] = [words(), words()]
    const places = new Uint16Array(new SharedArrayBuffer(count * 2))
    high.set(this.#high.subarray(0, count))
    low.set(this.#low.subarray(0, count))
    places.set(this.#places.subarray(0, count))
    return { high, low, places }
  }

  #push(high: number, low: number, place: number): void {
    if (this.#count === this.#places.length) this.#grow()
    this.#high[this.#count] = high
    this.#low[this.#count] = low
    this.#places[this.#count] = place
    this.#count += 1
  }

  #grow(): void {
    const [high, low, places] = [this.#high, this.#low, this.#places]
    const room = places.length * 2
    this.#high = new Uint32Array(room)
    this.#low = new Uint32Array(room)
    this.#places = new Uint16Array(room)
    this.#high.set(high)
    this.#low.set(low)
    this.#places.set(places)
  }
}

function isBefore(high: number, low: number, otherHigh: number, otherLow: number): boolean {
  return high < otherHigh || (high === otherHigh && low < otherLow)
}
