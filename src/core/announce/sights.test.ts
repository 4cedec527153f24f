import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MirrorHealth } from '#core/health/index.ts'
import type { MirrorRecord } from '#core/mirrors/index.ts'
import {
  after,
  aMirror,
  goodSight,
  healthOf,
  issued,
  MINUTE_MS,
  NO_ANSWER,
} from '../../../test/support/mirrors.ts'
import { aSerial } from '../../../test/support/values.ts'
import { mirrorSights } from './index.ts'

const NOW = after(600 * MINUTE_MS)
const LATELY = after(595 * MINUTE_MS)
const LONG_AGO = after(500 * MINUTE_MS)
const serving = (serial: number) => goodSight({ ...issued(LATELY, 1), serial: aSerial(serial) })
const both = (...ones: readonly MirrorHealth[]): MirrorHealth => ({
  ...healthOf(NO_ANSWER, NOW),
  addresses: ones.flatMap(({ addresses }) => addresses),
})

const CASES: readonly (readonly [string, MirrorHealth | undefined, boolean, number | undefined])[] =
  [
    ['was never looked at', undefined, true, undefined],
    ['was not looked at lately', healthOf(serving(8), LONG_AGO), true, undefined],
    ['serves the release', healthOf(serving(8), LATELY), true, 8],
    ['does not answer', healthOf(NO_ANSWER, LATELY), false, undefined],
    [
      'failed once, and answered before',
      healthOf(NO_ANSWER, LATELY, { isUp: true, lastGood: { ...serving(8), at: LATELY } }),
      true,
      8,
    ],
    [
      'is up, and has not answered for long',
      healthOf(NO_ANSWER, LATELY, { isUp: true, lastGood: { ...serving(8), at: LONG_AGO } }),
      false,
      undefined,
    ],
    [
      'has a dead address',
      both(healthOf(serving(8), LATELY), healthOf(NO_ANSWER, LATELY)),
      true,
      8,
    ],
    [
      'serves less by one address',
      both(healthOf(serving(8), LATELY), healthOf(serving(7), LATELY)),
      true,
      7,
    ],
  ]
for (const [situation, health, healthy, serial] of CASES) {
  test(`decision 4: a mirror that ${situation}: ${healthy ? 'awake' : 'asleep'}, ${serial}`, () => {
    const watched = [{ record: aMirror('m1'), health }]
    const sights = mirrorSights(watched, { roundMs: 10 * MINUTE_MS }, NOW)
    assert.deepEqual(sights, [{ name: 'm1', bandwidthMbit: 100, healthy, serial }])
  })
}

test('only listed mirrors count, and none that is down by plan', () => {
  const others: readonly Partial<MirrorRecord>[] = [
    { stage: 'tested' },
    { stage: 'old' },
    { downtimes: [{ from: LATELY, until: after(700 * MINUTE_MS), reason: 'a new disk' }] },
  ]
  for (const more of others) {
    const watched = [{ record: aMirror('m1', more), health: healthOf(serving(8), LATELY) }]
    assert.deepEqual(mirrorSights(watched, { roundMs: 10 * MINUTE_MS }, NOW), [])
  }
})
