import type { IpBytes } from '#base/ip-address.ts'
import { countryCodes, regionOf } from '../selection/index.ts'
import { type ClientPlace, NOWHERE } from '../zone/index.ts'

/**
 * Which country an address belongs to: sorted starts of ranges, each with the number of its place; a range ends where the
 * next begins. Of IPv6 the first 64 bits count. Plain arrays of numbers, which threads can share.
 */
export interface RangeTable {
  readonly ipv4: { readonly starts: Uint32Array; readonly places: Uint16Array }
  readonly ipv6: {
    readonly high: Uint32Array
    readonly low: Uint32Array
    readonly places: Uint16Array
  }
}

export const EMPTY_TABLE: RangeTable = {
  ipv4: { starts: new Uint32Array(), places: new Uint16Array() },
  ipv6: { high: new Uint32Array(), low: new Uint32Array(), places: new Uint16Array() },
}

const CODES = countryCodes()
const NUMBER_OF = new Map(CODES.map((code, at) => [code, at + 1]))
/** Number 0 is nowhere. */
const PLACES: readonly ClientPlace[] = [
  NOWHERE,
  ...CODES.map((country) => ({ country, region: regionOf(country) ?? NOWHERE.region })),
]

export const PLACE_COUNT = PLACES.length

/** 0 for what is no country: `EU`, `T1`, `??`. */
export function placeNumber(country: string): number {
  return NUMBER_OF.get(country) ?? 0
}

export function placeAt(number: number): ClientPlace {
  return PLACES[number] ?? NOWHERE
}

/** Number of the place; 0 where the table knows nothing. Makes nothing: it runs for every question. */
export function findPlace(table: RangeTable, address: IpBytes): number {
  return address.byteLength === 4 ? findIpv4(table, address) : findIpv6(table, address)
}

function findIpv4({ ipv4: { starts, places } }: RangeTable, address: IpBytes): number {
  const wanted = wordAt(address, 0)
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((starts[middle] ?? 0) <= wanted) low = middle + 1
    else high = middle
  }
  return places[low - 1] ?? 0
}

function findIpv6({ ipv6 }: RangeTable, address: IpBytes): number {
  const wantedHigh = wordAt(address, 0)
  const wantedLow = wordAt(address, 4)
  let low = 0
  let high = ipv6.high.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const word = ipv6.high[middle] ?? 0
    const before = word === wantedHigh ? (ipv6.low[middle] ?? 0) <= wantedLow : word < wantedHigh
    if (before) low = middle + 1
    else high = middle
  }
  return ipv6.places[low - 1] ?? 0
}

/** Four bytes as a number from 0 to 2^32 - 1. */
export function wordAt(bytes: IpBytes, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  )
}
