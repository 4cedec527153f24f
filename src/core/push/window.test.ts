import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPushTime, minuteOfDay, parsePushWindow, printPushWindow } from './index.ts'

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

test('a window is read as it is written, and nothing else is one', () => {
  for (const text of ['22:30-06:00', '00:00-23:59', '01:05-01:06']) {
    const window = parsePushWindow(text)
    assert.ok(window, text)
    assert.equal(printPushWindow(window), text)
  }
  assert.deepEqual(parsePushWindow('22:30-06:00'), { from: 1350, until: 360 })
  for (const text of [
    '',
    '1:00-2:00',
    '24:00-01:00',
    '10:60-11:00',
    '10:00-10:00',
    '10:00-11:00 ',
  ]) {
    assert.equal(parsePushWindow(text), undefined, text)
  }
})

test('the minute of the day is UTC’s', () => {
  assert.equal(minuteOfDay(Date.parse('2026-12-01T22:30:59Z')), 1350)
})
