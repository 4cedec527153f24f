import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterCanaries, type CanaryEnd, canaryOrder } from './index.ts'

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

test('the dice decide who goes first', () => {
  const draws = [0.9, 0.5, 0.1]
  assert.deepEqual(
    canaryOrder(['one', 'two', 'three'], () => draws.shift() ?? 0),
    ['three', 'two', 'one'],
  )
})
