import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  after,
  aMirror,
  DAY_MS,
  goodSight,
  HOUR_MS,
  issued,
  MINUTE_MS,
  NO_ANSWER,
  START,
} from '../../../test/support/mirrors.ts'
import { foldLook } from './fold.ts'
import { HEALTH_POLICY } from './policy.ts'
import type { MirrorHealth, Sight } from './types.ts'

const newest = issued(START, 1)
const good = goodSight(newest)
const ADDRESS = '192.0.2.1'

/** `g` and `b` are looks, ten minutes apart; what follows is whether the address is up after each. */
function story(looks: string, isBlind = false, from: MirrorHealth | undefined = undefined) {
  let health = from
  let up = ''
  let at = health?.addresses[0]?.triedAt ?? START
  for (const look of looks) {
    at = after(at - START + 10 * MINUTE_MS)
    const sight: Sight = look === 'g' ? good : NO_ANSWER
    const facts = { newest, isBlind }
    health = foldLook(health, aMirror('a'), { address: ADDRESS, at, sight }, facts, HEALTH_POLICY)
    up += health.addresses[0]?.isUp === true ? 'U' : '-'
  }
  assert.ok(health !== undefined)
  return { up, health }
}

// field-notes 1.11 and 1.21: one lost packet is nothing, and the way back is longer than the way out.
const STORIES: readonly (readonly [string, string, string])[] = [
  ['a first good look is enough for one without a history', 'g', 'U'],
  ['the third failure in a row takes it out, not the second', 'gbbb', 'UUU-'],
  ['failures that are not in a row do not add up', 'gbbgbbgbb', 'UUUUUUUUU'],
  ['the fourth good look brings it back, not the third', 'gbbbgggg', 'UUU----U'],
  ['good looks that are not in a row do not add up', 'gbbbgggbggg', 'UUU--------'],
  ['one that never answered is down', 'bbbggg', '------'],
]
for (const [claim, looks, expected] of STORIES) {
  test(claim, () => assert.equal(story(looks).up, expected))
}

test('a blind observer takes nobody out, and a row starts only when he sees again', () => {
  const { up, health } = story('bbbbbb', true, story('g').health)
  assert.equal(up, 'UUUUUU')
  assert.equal(story('bb', false, health).up, 'UU')
  assert.equal(story('bbb', false, health).up, 'UU-')
  assert.deepEqual(health.days.at(-1), { day: 20514, good: 1, bad: 0, worst: 'good' })
})

test('in a planned downtime a mirror leaves the answers, nothing is counted, and the day is planned', () => {
  const record = aMirror('a', {
    downtimes: [{ from: START, until: after(DAY_MS), reason: 'new disks' }],
  })
  const look = { address: ADDRESS, at: after(HOUR_MS), sight: NO_ANSWER }
  const health = foldLook(undefined, record, look, { newest, isBlind: false }, HEALTH_POLICY)
  assert.partialDeepStrictEqual(health.addresses[0], {
    isUp: false,
    badInARow: 0,
    upSince: after(HOUR_MS),
  })
  assert.equal(health.days[0]?.worst, 'planned')
})

test('time in which nobody looked is nobody’s downtime, and a clock set back makes none either', () => {
  const { health: down } = story('gbbb')
  const [since = START] = down.addresses.map(({ upSince }) => upSince)
  const pause = 5 * DAY_MS
  const last = down.addresses[0]?.triedAt ?? START
  for (const [jump, expected] of [
    [pause, since + pause],
    [-pause, last - pause],
  ] as const) {
    const look = { address: ADDRESS, at: after(last - START + jump), sight: NO_ANSWER }
    const next = foldLook(down, aMirror('a'), look, { newest, isBlind: false }, HEALTH_POLICY)
    assert.equal(next.addresses[0]?.upSince, expected)
    assert.equal(next.addresses[0]?.badInARow, 1)
  }
})

// field-notes 1.23: IPv6 announced but dead.
test('addresses are counted apart, and one that was given up is forgotten', () => {
  const record = aMirror('a', { addresses: [ADDRESS, '2001:db8::1'] })
  const facts = { newest, isBlind: false }
  let health: MirrorHealth | undefined
  for (let round = 1; round <= 4; round += 1) {
    const at = after(round * 10 * MINUTE_MS)
    for (const [address, sight] of [
      [ADDRESS, good],
      ['2001:db8::1', NO_ANSWER],
    ] as const) {
      health = foldLook(health, record, { address, at, sight }, facts, HEALTH_POLICY)
    }
  }
  assert.deepEqual(
    health?.addresses.map(({ isUp }) => isUp),
    [true, false],
  )
  const moved = aMirror('a', { addresses: ['192.0.2.9'] })
  const look = { address: '192.0.2.9', at: after(HOUR_MS), sight: good }
  const next = foldLook(health, moved, look, facts, HEALTH_POLICY)
  assert.deepEqual(
    next.addresses.map(({ address }) => address),
    ['192.0.2.9'],
  )
})

test('a timestamp that was never issued is a lie, not freshness', () => {
  const look = { address: ADDRESS, at: after(HOUR_MS), sight: goodSight(issued(after(0), 2)) }
  const health = foldLook(undefined, aMirror('a'), look, { newest, isBlind: false }, HEALTH_POLICY)
  assert.equal(health.addresses[0]?.isUp, false)
  assert.partialDeepStrictEqual(health.addresses[0]?.last, { fault: 'wrong-content' })
})

test('the strip keeps the last fourteen days', () => {
  let health: MirrorHealth | undefined
  for (let day = 0; day < 40; day += 1) {
    const look = { address: ADDRESS, at: after(day * DAY_MS), sight: good }
    health = foldLook(health, aMirror('a'), look, { newest, isBlind: false }, HEALTH_POLICY)
  }
  assert.equal(health?.days.length, 14)
  assert.equal(health?.days.at(-1)?.day, Math.floor(after(39 * DAY_MS) / DAY_MS))
})

test('law: an address changes its state at most once in as many looks as the shorter row needs', () => {
  const rowMin = Math.min(HEALTH_POLICY.failedLooksToDown, HEALTH_POLICY.goodLooksToUp)
  fc.assert(
    fc.property(fc.array(fc.constantFrom('g', 'b'), { maxLength: 200 }), (looks) => {
      const { up } = story(`g${looks.join('')}`)
      const changes = [...up].flatMap((state, at) => (at > 0 && state !== up[at - 1] ? [at] : []))
      for (const [index, at] of changes.entries()) {
        if (index > 0) assert.ok(at - (changes[index - 1] ?? 0) >= rowMin, up)
      }
    }),
  )
})
