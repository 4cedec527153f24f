import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterCanaries, type CanaryEnd, canaryOrder, isPushTime } from './index.ts'

const cases: readonly (readonly [readonly CanaryEnd[], number, string])[] = [
  [[], 5, 'try-another'],
  [['serves'], 5, 'spread'],
  [['slow'], 5, 'spread'],
  [['refused'], 5, 'try-another'],
  [['refused', 'serves'], 5, 'spread'],
  [['refused', 'refused'], 5, 'hold'],
  [['failed', 'refused', 'refused'], 5, 'hold'],
  [['failed', 'failed'], 5, 'try-another'],
  [['failed', 'failed', 'failed'], 5, 'spread'],
  [['failed', 'failed', 'refused'], 5, 'spread'],
  [['failed'], 1, 'spread'],
]
for (const [ends, candidates, step] of cases) {
  test(`after canaries [${ends.join(', ')}] of ${candidates}: ${step}`, () => {
    assert.equal(afterCanaries(ends, candidates).kind, step)
  })
}

test('mirrors that are up go first, each of them at times', () => {
  const mirrors = [
    { name: 'down', isUp: false },
    { name: 'one', isUp: true },
    { name: 'two', isUp: true },
  ]
  const draws = [0.9, 0.5, 0.1]
  assert.deepEqual(
    canaryOrder(mirrors, () => draws.shift() ?? 0),
    ['two', 'one', 'down'],
  )
})

for (const [window, minute, open] of [
  [undefined, 0, true],
  [{ from: 60, until: 120 }, 59, false],
  [{ from: 60, until: 120 }, 60, true],
  [{ from: 60, until: 120 }, 120, false],
  [{ from: 1380, until: 120 }, 1400, true],
  [{ from: 1380, until: 120 }, 0, true],
  [{ from: 1380, until: 120 }, 600, false],
  [{ from: 60, until: 60 }, 5, true],
] as const) {
  test(`pushing at minute ${minute} within ${JSON.stringify(window)}: ${open}`, () => {
    assert.equal(isPushTime(window, minute), open)
  })
}
