/**
 * The order in which members come round. Each has as many places as its bandwidth is worth, spread evenly, so over one
 * turn each comes first in exactly its share of the answers.
 */
export interface Wheel {
  /** Numbers of members. */
  readonly places: Uint32Array
  readonly members: number
}

/** Bandwidths beyond a ratio of 16 are told apart no further: a window must not run over a hundred equal places. */
const PLACES_MAX = 16
/** Above so many members, with at most four places each, so that a wheel of 10,000 is made in milliseconds. */
const MEMBERS_FINE_MAX = 1000
const PLACES_MAX_OF_MANY = 4
/** Fraction of the golden ratio: starts that are spread evenly, however many there are. */
const GOLDEN = 0.618_033_988_749_895

export function makeWheel(bandwidths: readonly number[]): Wheel {
  const most = Math.max(...bandwidths, 1)
  const levels = bandwidths.length > MEMBERS_FINE_MAX ? PLACES_MAX_OF_MANY : PLACES_MAX
  const wanted = bandwidths.map((one) => Math.max(Math.round((levels * one) / most), 1))
  const unit = wanted.reduce(commonDivisor, 0)
  const counts = wanted.map((count) => count / unit)
  const places = counts.flatMap((count, member) => {
    const start = (member * GOLDEN) % 1
    return Array.from({ length: count }, (_, turn) => ({ member, at: (turn + start) / count }))
  })
  places.sort((a, b) => a.at - b.at || a.member - b.member)
  return { places: Uint32Array.from(places, ({ member }) => member), members: bandwidths.length }
}

/**
 * Writes the members of turn number `turn`, first come first, each once, into `into`; at most as many as it has room for.
 * Returns how many.
 */
export function spin(wheel: Wheel, turn: number, into: Uint32Array): number {
  const { places, members } = wheel
  const wanted = Math.min(into.length, members)
  const start = turn % Math.max(places.length, 1)
  let found = 0
  for (let step = 0; step < places.length && found < wanted; step += 1) {
    const at = start + step
    const member = places[at < places.length ? at : at - places.length] ?? 0
    let known = 0
    while (known < found && into[known] !== member) known += 1
    if (known < found) continue
    into[found] = member
    found += 1
  }
  return found
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}
