/**
 * Which subset of a pool is answered when subsets are signed as wholes: their number is bounded, every order of one costs no
 * signature, and in time each mirror comes first as often as its bandwidth is worth.
 */
import { spin } from '#core/selection/index.ts'
import type { Rotating } from '#core/zone/index.ts'
import { type DnsName, internetRecord, type ResourceRecord } from '#formats/dns-message/index.ts'
import type { Prepared } from './prepared.ts'
import type { Purpose } from './signatures.ts'

/** So many subsets of a pool are answered in turn; each is signed as a whole. */
const TURNS_MAX = 32
/** A pool with more turns than that answers others every so often, until each had its turn. */
const TURNS_MOVE_MS = 2_000
const STRANGERS_TURN_MS = 60_000
/** Fraction of the golden ratio: turns that follow each other are far from each other on the wheel. */
const GOLDEN = 0.618_033_988_749_895

/** What is prepared for one name, type and place. */
export interface Cell {
  readonly turns: (Prepared | undefined)[]
  /** Of a pool that has more turns than are kept: when each of them was new. */
  readonly madeIn: number[] | undefined
  next: number
}

/** Where an answer is to be kept, and how much it is needed. */
export interface Place {
  readonly cell: Cell
  readonly turn: number
  readonly purpose: Purpose
}

export function newPlace(rotating: Rotating | undefined, start: number): Place {
  const places = rotating?.wheel.places.length ?? 1
  const count = Math.min(places, TURNS_MAX)
  const turns = new Array(count).fill(undefined)
  const madeIn = places > TURNS_MAX ? [] : undefined
  return { cell: { turns, madeIn, next: start + 1 }, turn: start % count, purpose: 'known' }
}

/** Whose turn it is: every turn of a small wheel, and of a large one others in each period. */
export function turnOf(
  { madeIn }: Cell,
  turn: number,
  rotating: Rotating | undefined,
  nowMs: number,
): number {
  if (madeIn === undefined || rotating === undefined) return turn
  const places = rotating.wheel.places.length
  return (((periodOf(nowMs) * TURNS_MAX + turn) % places) * strideOf(places)) % places
}

/** One subset a minute for a name that somebody made up, so that asking it again costs no signature. */
export function strangersTurn(
  { wheel, addresses, addressesMax }: Rotating,
  name: DnsName,
  draw: number,
  nowMs: number,
): number {
  const places = wheel.places.length
  if (addresses.length <= addressesMax) return draw % places
  let hash = Math.floor(nowMs / STRANGERS_TURN_MS)
  for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x0100_0193)
  return (hash >>> 0) % places
}

/** False: there are others whose turn it is by now. */
export function isOfNow({ madeIn }: Cell, turn: number, nowMs: number): boolean {
  return madeIn === undefined || madeIn[turn] === periodOf(nowMs)
}

export function turnTaken(cell: Cell, turn: number, prepared: Prepared, nowMs: number): void {
  cell.turns[turn] = prepared
  if (cell.madeIn !== undefined) cell.madeIn[turn] = periodOf(nowMs)
}

export function inTurn(
  { owner, ttl, addresses, wheel, addressesMax }: Rotating,
  turn: number,
): readonly ResourceRecord[] {
  const into = new Uint32Array(addressesMax)
  const count = spin(wheel, turn, into)
  return [...into.subarray(0, count)].flatMap((number) => {
    const bytes = addresses[number]
    return bytes === undefined ? [] : [internetRecord(owner, ttl, { kind: 'address', bytes })]
  })
}

function periodOf(nowMs: number): number {
  return Math.floor(nowMs / TURNS_MOVE_MS)
}

/** Shares no divisor with the number of places, so that in time every place is met. */
function strideOf(places: number): number {
  let stride = Math.max(Math.floor(places * GOLDEN), 1)
  while (commonDivisor(stride, places) !== 1) stride -= 1
  return stride
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}
