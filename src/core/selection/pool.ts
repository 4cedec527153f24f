import type { Serial } from '#base/names.ts'
import type { Candidate, Family, Member } from './candidate.ts'
import { familyOf } from './candidate.ts'
import type { LeftOut, LeftOutWhy } from './left-out.ts'

/**
 * How good the mirrors of a pool are (decision 5). `announced` is how it should be; each step down is an alarm.
 * `nobody`: no mirror is listed with an address of the family.
 */
export type Tier = 'announced' | 'one-behind' | 'last-good' | 'listed' | 'nobody'

export interface Pool {
  readonly family: Family
  readonly tier: Tier
  readonly members: readonly Member[]
  readonly leftOut: readonly LeftOut[]
}

export interface PoolWish {
  readonly family: Family
  /** Undefined: nothing is announced yet, and every release will do. */
  readonly announced: Serial | undefined
  /** Names of the mirrors that were in the answers when some were last good. */
  readonly lastGood: readonly string[]
}

/**
 * The mirrors that may be answered, best tier first: those at the announced release; none, then one release behind;
 * none, then those that were good last; none of them listed any more, then whoever is. So a fault of the observer, or of
 * everything, never empties the zone (promise 6).
 */
export function poolOf(mirrors: readonly Candidate[], wish: PoolWish): Pool {
  const wellAt = (behindMax: number) => (mirror: Candidate) =>
    whyNot(mirror, wish, behindMax) === undefined
  const listed = mirrors.filter(({ listing }) => listing.kind === 'listed')
  const steps: readonly (readonly [Tier, readonly Member[]])[] = [
    ['announced', healthy(listed.filter(wellAt(0)), wish.family)],
    ['one-behind', healthy(listed.filter(wellAt(1)), wish.family)],
    [
      'last-good',
      all(
        listed.filter(({ name }) => wish.lastGood.includes(name)),
        wish.family,
      ),
    ],
    ['listed', all(listed, wish.family)],
  ]
  const [tier, members] = steps.find(([, some]) => some.length > 0) ?? ['nobody', []]
  const inside = new Set(members.map(({ mirror }) => mirror))
  const leftOut = mirrors
    .filter((mirror) => !inside.has(mirror))
    .map((mirror) => ({ mirror, why: whyNot(mirror, wish, 0) ?? { kind: 'farther' as const } }))
  return { family: wish.family, tier, members, leftOut }
}

/** Undefined when nothing speaks against it, should it be `behindMax` releases behind at most. */
function whyNot(mirror: Candidate, wish: PoolWish, behindMax: number): LeftOutWhy | undefined {
  const { listing, serial } = mirror
  if (listing.kind === 'unlisted') return listing
  const own = mirror.addresses.filter((address) => familyOf(address) === wish.family)
  if (own.length === 0) return { kind: 'no-address', family: wish.family }
  const down = own.flatMap(({ condition }) => (condition.kind === 'down' ? [condition] : []))
  const [first] = down
  if (first !== undefined && down.length === own.length) return first
  if (wish.announced === undefined) return undefined
  if (serial === undefined) return { kind: 'never-seen' }
  const bySerials = wish.announced - serial
  return bySerials > behindMax ? { kind: 'behind', bySerials } : undefined
}

function healthy(mirrors: readonly Candidate[], family: Family): readonly Member[] {
  return all(mirrors, family).filter(({ address }) => address.condition.kind !== 'down')
}

function all(mirrors: readonly Candidate[], family: Family): readonly Member[] {
  return mirrors.flatMap((mirror) =>
    mirror.addresses
      .filter((address) => familyOf(address) === family)
      .map((address) => ({ mirror, address })),
  )
}
