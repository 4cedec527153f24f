import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  after,
  aMirror,
  DAY_MS,
  goodSight,
  HOUR_MS,
  healthOf,
  issued,
  NO_ANSWER,
  START,
} from '../../../test/support/mirrors.ts'
import type { MirrorRecord } from '../mirrors/index.ts'
import { judgeMirrors, type NetworkFacts, type Watched } from './judge.ts'
import { judgeObserver } from './observer.ts'
import { HEALTH_POLICY } from './policy.ts'
import { problemsOf } from './problems.ts'
import type { MirrorHealth } from './types.ts'

const now = after(10 * DAY_MS)
const newest = issued(now, 40)
const fine: NetworkFacts = { newest, observer: { kind: 'fine' } }
const fresh = () => healthOf(goodSight(newest), now)
const late = (ms: number) => healthOf(goodSight(issued(after(10 * DAY_MS - ms), 10)), now)
const gone = (ms: number) => healthOf(NO_ANSWER, now, { upSince: after(10 * DAY_MS - ms) })

/** The mirror in question among four good ones. */
function among(health: MirrorHealth | undefined, more: Partial<MirrorRecord> = {}): Watched[] {
  const others = ['b', 'c', 'd', 'e'].map((name) => ({ record: aMirror(name), health: fresh() }))
  return [{ record: aMirror('a', more), health }, ...others]
}

const old = (ms: number) => ({ stage: 'old', stageSince: after(10 * DAY_MS - ms) }) as const
const CASES: readonly (readonly [string, Watched[], string | undefined])[] = [
  ['fresh and reachable stays', among(fresh()), undefined],
  ['a timestamp of 23 hours stays', among(late(23 * HOUR_MS)), undefined],
  ['R112: a timestamp of a day is old', among(late(DAY_MS)), 'old'],
  ['away for 23 hours stays', among(gone(23 * HOUR_MS)), undefined],
  ['R112: away for a day is old', among(gone(DAY_MS)), 'old'],
  ['old for 47 hours stays', among(gone(3 * DAY_MS), old(47 * HOUR_MS)), undefined],
  ['R113: old for two days is removed', among(gone(3 * DAY_MS), old(2 * DAY_MS)), 'removed'],
  ['old, and answering now, is not removed', among(fresh(), old(3 * DAY_MS)), 'listed'],
  [
    'one good look brings nobody back',
    among(healthOf(goodSight(newest), now, { goodInARow: 5 }), { stage: 'removed' }),
    undefined,
  ],
  ['a row of good looks brings it back', among(fresh(), { stage: 'removed' }), 'listed'],
  [
    'reachable but late does not come back',
    among(late(2 * DAY_MS), { stage: 'removed' }),
    undefined,
  ],
  ['suspended by the team is the team’s', among(fresh(), { stage: 'suspended' }), undefined],
  ['applied is not listed by being up', among(fresh(), { stage: 'applied' }), undefined],
  ['nobody looked: nothing', among(undefined), undefined],
  [
    'a look of yesterday proves nothing',
    among(healthOf(NO_ANSWER, after(9 * DAY_MS), { upSince: START })),
    undefined,
  ],
  [
    'R83: in a planned downtime nobody is old',
    among(gone(5 * DAY_MS), {
      downtimes: [{ from: START, until: after(20 * DAY_MS), reason: 'x' }],
    }),
    undefined,
  ],
  [
    'after a downtime the clock starts at its end, for timestamps too',
    among(late(5 * DAY_MS), {
      downtimes: [{ from: START, until: after(10 * DAY_MS - HOUR_MS), reason: 'x' }],
    }),
    undefined,
  ],
]
for (const [claim, mirrors, expected] of CASES) {
  test(claim, () => {
    const { transitions, held } = judgeMirrors(mirrors, fine, HEALTH_POLICY, now)
    assert.equal(transitions.find(({ name }) => name === 'a')?.to, expected)
    assert.deepEqual(held, [])
  })
}

test('stale and unreachable are kept apart and said in words', () => {
  const reasons = [late(DAY_MS), gone(DAY_MS)].map(
    (health) => judgeMirrors(among(health), fine, HEALTH_POLICY, now).transitions[0]?.reason,
  )
  assert.match(reasons[0] ?? '', /^its timestamp of 2026-03-11T00:00:00Z is 1d older/)
  assert.match(reasons[1] ?? '', /^not available since 2026-03-11T00:00:00Z: connect to 192\.0\.2/)
})

// Decision 8.
test('a network that issues no timestamps blames nobody, and the team is told', () => {
  const stopped = issued(after(5 * DAY_MS), 20)
  const mirrors = among(healthOf(goodSight(stopped), now))
  const facts: NetworkFacts = { newest: stopped, observer: { kind: 'fine' } }
  const judgement = judgeMirrors(mirrors, facts, HEALTH_POLICY, now)
  assert.deepEqual(judgement, { transitions: [], held: [] })
  const [problem, ...rest] = problemsOf(mirrors, facts, judgement, HEALTH_POLICY, now)
  assert.equal(problem?.key, 'network/no-timestamp')
  assert.deepEqual(rest, [])
})

test('when most mirrors fail at once nobody is put down, and the team is told', () => {
  const mirrors = ['a', 'b', 'c', 'd', 'e'].map((name, at) => ({
    record: aMirror(name),
    health: at < 3 ? gone(DAY_MS) : fresh(),
  }))
  const judgement = judgeMirrors(mirrors, fine, HEALTH_POLICY, now)
  assert.deepEqual(judgement.transitions, [])
  assert.equal(judgement.held.length, 3)
  assert.match(judgement.held[0]?.why ?? '', /3 of 5 mirrors/)
  const keys = problemsOf(mirrors, fine, judgement, HEALTH_POLICY, now).map(({ key }) => key)
  assert.deepEqual(keys, ['network/held'])
})

test('an observer who cannot judge puts nobody down, and still lists who is back', () => {
  const observer = { kind: 'cut', reason: 'no route' } as const
  const mirrors = [...among(gone(DAY_MS)), { record: aMirror('f', old(DAY_MS)), health: fresh() }]
  const { transitions, held } = judgeMirrors(mirrors, { newest, observer }, HEALTH_POLICY, now)
  assert.deepEqual(
    transitions.map(({ name, to }) => `${name} ${to}`),
    ['f listed'],
  )
  assert.match(held[0]?.why ?? '', /no route/)
})

test('the last two stay listed; who failed first goes first', () => {
  const record = (name: string) => aMirror(name, old(2 * DAY_MS))
  const mirrors = [
    { record: record('a'), health: gone(3 * DAY_MS) },
    { record: record('b'), health: gone(4 * DAY_MS) },
    { record: aMirror('c'), health: fresh() },
  ]
  // The brake of most mirrors would hold both.
  const policy = { ...HEALTH_POLICY, blindShare: 1 }
  const { transitions, held } = judgeMirrors(mirrors, fine, policy, now)
  assert.deepEqual(
    transitions.map(({ name, to }) => `${name} ${to}`),
    ['b removed'],
  )
  assert.match(held[0]?.why ?? '', /the last 2 mirrors stay/)
})

test('one dead address of a mirror that serves is told after an hour, and is no reason to put it down', () => {
  const [up] = fresh().addresses
  const [down] = gone(2 * HOUR_MS).addresses
  assert.ok(up !== undefined && down !== undefined)
  const dead = { ...down, address: '2001:db8::1' }
  const health: MirrorHealth = { addresses: [up, dead], freshAt: now, freshInARow: 9, days: [] }
  const mirrors = among(health, { addresses: ['192.0.2.1', '2001:db8::1'] })
  const judgement = judgeMirrors(mirrors, fine, HEALTH_POLICY, now)
  assert.deepEqual(judgement.transitions, [])
  const keys = problemsOf(mirrors, fine, judgement, HEALTH_POLICY, now).map(({ key }) => key)
  assert.deepEqual(keys, ['address/a/2001:db8::1'])
})

test('an observer is blind when most of what it saw lately failed, and dead mirrors are no news', () => {
  const failing = healthOf(NO_ANSWER, now, { isUp: true })
  const dead = healthOf(NO_ANSWER, now)
  const kind = (healths: readonly MirrorHealth[]) => judgeObserver(healths, now, HEALTH_POLICY).kind
  assert.equal(kind([failing, failing, fresh()]), 'blind')
  assert.equal(kind([failing, fresh(), fresh()]), 'fine')
  assert.equal(kind([failing, failing]), 'fine')
  assert.equal(kind([dead, dead, dead, fresh()]), 'fine')
  const before = healthOf(NO_ANSWER, after(9 * DAY_MS), { isUp: true })
  assert.equal(kind([before, before, before, before]), 'fine')
})

test('an observer whose clock is wrong by most servers’ dates judges nobody', () => {
  const seen = (skewMs: number) => healthOf({ ...goodSight(newest), skewMs }, now)
  const observer = judgeObserver([seen(DAY_MS), seen(DAY_MS + 1000), seen(0)], now, HEALTH_POLICY)
  assert.deepEqual(observer, { kind: 'clock-wrong', skewMs: DAY_MS })
  const facts: NetworkFacts = { newest, observer }
  assert.deepEqual(judgeMirrors(among(gone(DAY_MS)), facts, HEALTH_POLICY, now).transitions, [])
})
