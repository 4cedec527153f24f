import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import { parseContentRange } from './content-range.ts'
import { formatHttpDate, parseHttpDate } from './http-date.ts'
import { parseRetryAfter } from './retry-after.ts'

const BUILT = epochSeconds(1_624_388_302)
const NOW_OR_LATER = 'Tue, 22 Jun 2021 18:58:22 GMT'

test('every date we write is read back, and the two old forms are read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
      assert.equal(parseHttpDate(formatHttpDate(epochSeconds(seconds))), seconds)
    }),
  )
  assert.equal(parseHttpDate('Tuesday, 22-Jun-21 18:58:22 GMT'), BUILT)
  assert.equal(parseHttpDate('Tue Jun 22 18:58:22 2021'), BUILT)
  assert.equal(parseHttpDate('Sun Nov  6 08:49:37 1994'), 784_111_777)
  for (const text of ['', 'now', '0', 'Tue, 31 Jun 2021 18:58:22 GMT', `${NOW_OR_LATER} `]) {
    assert.equal(parseHttpDate(text), undefined, text)
  }
})

test('a range of a length, known or not, and nothing that contradicts itself', () => {
  assert.deepEqual(parseContentRange('bytes 0-511/3000'), { from: 0, to: 511, length: 3000 })
  assert.deepEqual(parseContentRange('Bytes 7-7/8'), { from: 7, to: 7, length: 8 })
  assert.deepEqual(parseContentRange('bytes 5-9/*'), { from: 5, to: 9, length: undefined })
  const wrong = ['', 'bytes */3000', 'bytes 9-5/10', 'bytes 0-10/10', 'bytes 0-/10', 'lines 0-1/2']
  for (const text of [
    ...wrong,
    'bytes 0-511/3000, bytes 0-511/3000',
    'bytes 0-99999999999999999999/*',
  ]) {
    assert.equal(parseContentRange(text), undefined, text)
  }
})

test('a wait is told in seconds or as a date, and nonsense is none', () => {
  assert.equal(parseRetryAfter('120', BUILT), 120)
  assert.equal(parseRetryAfter('0', BUILT), 0)
  assert.equal(parseRetryAfter('Tue, 22 Jun 2021 19:08:22 GMT', BUILT), 600)
  assert.equal(parseRetryAfter('Tue, 22 Jun 2021 18:00:00 GMT', BUILT), 0)
  for (const text of ['', 'soon', '-5', '1.5', '1e9', '99999999999', '5, 7']) {
    assert.equal(parseRetryAfter(text, BUILT), undefined, text)
  }
})
