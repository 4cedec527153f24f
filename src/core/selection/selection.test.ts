import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { REGIONS } from '#base/region.ts'
import { aMirror, anAddress, down } from '../../../test/support/candidates.ts'
import { aSerial } from '../../../test/support/values.ts'
import {
  type Candidate,
  countryCodes,
  describeLeftOut,
  distanceKm,
  makeWheel,
  nearest,
  type PoolWish,
  poolOf,
  regionOf,
  spin,
  type Tier,
  type Wanted,
} from './index.ts'

const WISH: PoolWish = { family: 4, announced: aSerial(7), lastGood: [] }
const behind = (name: string, by: number) => aMirror(name, 'FR', { serial: aSerial(7 - by) })
const paused = (name: string) =>
  aMirror(name, 'DE', {
    listing: { kind: 'unlisted', state: 'paused', reason: 'its disk is changed' },
  })

const STEPS: readonly (readonly [
  string,
  readonly Candidate[],
  Partial<PoolWish>,
  Tier,
  readonly string[],
])[] = [
  [
    'those at the announced release come first',
    [aMirror('a1', 'DE'), behind('b2', 1), behind('c3', 2), down('d4', 'DE')],
    {},
    'announced',
    ['a1'],
  ],
  [
    'one that has the next release already is not behind',
    [aMirror('a1', 'DE', { serial: aSerial(8) })],
    {},
    'announced',
    ['a1'],
  ],
  ['none: one release behind', [behind('b2', 1), behind('c3', 2)], {}, 'one-behind', ['b2']],
  [
    'none: those that were good last',
    [behind('c3', 2), down('d4', 'DE'), down('e5', 'DE')],
    { lastGood: ['d4', 'gone'] },
    'last-good',
    ['d4'],
  ],
  [
    'nobody was ever good: whoever is listed',
    [down('d4', 'DE'), down('e5', 'DE'), paused('p6')],
    {},
    'listed',
    ['d4', 'e5'],
  ],
  ['a paused one is not a last resort', [paused('p6')], { lastGood: ['p6'] }, 'nobody', []],
  [
    'nothing is announced yet: any release will do',
    [behind('c3', 4)],
    { announced: undefined },
    'announced',
    ['c3'],
  ],
]
for (const [situation, mirrors, wish, tier, names] of STEPS) {
  test(`R26, R27, decision 5: ${situation}`, () => {
    const pool = poolOf(mirrors, { ...WISH, ...wish })
    assert.equal(pool.tier, tier)
    assert.deepEqual(
      pool.members.map(({ mirror }) => mirror.name),
      names,
    )
    assert.equal(pool.leftOut.length, mirrors.length - names.length)
  })
}

test('every mirror that is left out has a reason that somebody can read', () => {
  const never = aMirror('n6', 'DE', { serial: undefined })
  const onlyV6 = aMirror('v7', 'DE', { addresses: [anAddress('2001:db8::7')] })
  const pool = poolOf(
    [
      aMirror('a1', 'DE'),
      behind('b2', 3),
      down('d4', 'DE', 'HTTP 500'),
      paused('p5'),
      never,
      onlyV6,
    ],
    WISH,
  )
  assert.deepEqual(
    Object.fromEntries(pool.leftOut.map(({ mirror, why }) => [mirror.name, describeLeftOut(why)])),
    {
      b2: '3 release(s) behind the announced one',
      d4: 'down: HTTP 500',
      p5: 'paused: its disk is changed',
      n6: 'it was never seen serving a release',
      v7: 'it has no IPv4 address',
    },
  )
})

test('field-notes 1.23: a mirror whose IPv6 is dead stays in for IPv4', () => {
  const half = aMirror('h1', 'DE', {
    addresses: [anAddress('192.0.2.1'), anAddress('2001:db8::1', { kind: 'down', reason: 'dead' })],
  })
  const mirrors = [half, aMirror('a2', 'DE')]
  const names = (family: 4 | 6) =>
    poolOf(mirrors, { ...WISH, family }).members.map(({ mirror }) => mirror.name)
  assert.deepEqual(names(4), ['h1', 'a2'])
  assert.deepEqual(names(6), ['a2'])
})

const WORLD = poolOf(
  [
    aMirror('de1', 'DE'),
    aMirror('de2', 'DE'),
    aMirror('fr3', 'FR'),
    aMirror('at4', 'AT'),
    aMirror('us5', 'US'),
    aMirror('br6', 'BR'),
    aMirror('jp7', 'JP'),
  ],
  WISH,
).members
const country = (code: string): Wanted => ({
  kind: 'country',
  country: code,
  region: regionOf(code) ?? 'other',
})
const NEAR: readonly (readonly [string, Wanted, number, string, readonly string[]])[] = [
  ['enough in the country', country('DE'), 2, 'country', ['de1', 'de2']],
  [
    'neighbours are added whole, nearest first',
    country('AT'),
    2,
    'neighbours',
    ['at4', 'de1', 'de2'],
  ],
  ['no mirror in the country', country('ES'), 1, 'neighbours', ['fr3']],
  ['the continent does not have enough', country('US'), 3, 'region', ['us5', 'br6']],
  [
    'nobody on the continent: the world',
    country('ZA'),
    1,
    'world',
    ['de1', 'de2', 'fr3', 'at4', 'us5', 'br6', 'jp7'],
  ],
  ['a continent', { kind: 'region', region: 'america' }, 1, 'region', ['us5', 'br6']],
]
for (const [situation, wanted, mirrorsMin, by, names] of NEAR) {
  test(`R28 to R31: ${situation}`, () => {
    const near = nearest(WORLD, wanted, mirrorsMin)
    assert.equal(near.by, by)
    assert.deepEqual(
      near.members.map(({ mirror }) => mirror.name),
      names,
    )
  })
}

test('countries are where they are', () => {
  assert.equal(regionOf('DE'), 'europe')
  assert.equal(regionOf('AU'), 'other')
  assert.equal(regionOf('T1'), undefined)
  assert.equal(countryCodes().length, 249)
  for (const code of countryCodes()) {
    assert.ok(REGIONS.includes(regionOf(code) ?? 'other'))
    assert.ok(distanceKm(code, 'DE') < 20_100, code)
  }
  assert.ok(Math.abs(distanceKm('DE', 'FR') - 780) < 150)
  assert.equal(distanceKm('DE', 'ZZ'), Number.POSITIVE_INFINITY)
})

test('R24, R25: over one turn each comes first as often as its bandwidth is worth', () => {
  const wheel = makeWheel([100, 100, 200, 400])
  const first = [0, 0, 0, 0]
  const into = new Uint32Array(2)
  for (let turn = 0; turn < wheel.places.length; turn += 1) {
    assert.equal(spin(wheel, turn, into), 2)
    first[into[0] ?? 0] = (first[into[0] ?? 0] ?? 0) + 1
  }
  assert.deepEqual(first, [1, 1, 2, 4])
})

test('law: a turn names members once, all of them where there is room, and never none', () => {
  const bandwidths = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(bandwidths, fc.nat(), fc.integer({ min: 1, max: 10 }), (list, turn, room) => {
      const into = new Uint32Array(room)
      const count = spin(makeWheel(list), turn, into)
      const names = [...into.subarray(0, count)]
      assert.equal(count, Math.min(room, list.length))
      assert.equal(new Set(names).size, count)
      assert.ok(names.every((name) => name < list.length))
    }),
  )
})
