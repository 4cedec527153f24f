import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { quietUntil } from './left-alone.ts'

const NOW = epochSeconds(1_795_000_000)
const DAY = 86_400

test('a client keeps still until a time that somebody may have asked for, and for no other', () => {
  const after = (seconds: number) => quietUntil(epochSeconds(NOW + seconds), NOW)
  assert.equal(quietUntil(undefined, NOW), undefined)
  assert.equal(after(0), undefined)
  assert.equal(after(-5), undefined)
  assert.equal(after(1), NOW + 1)
  assert.equal(after(DAY), NOW + DAY)
  assert.equal(after(DAY + 1), undefined, 'the clock was put back')
})
