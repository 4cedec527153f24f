import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochMs } from '#base/time.ts'
import { SimClock } from '#sim/index.ts'
import { Alarm, keepUpdating } from './keep-updating.ts'

const HOUR = 3_600_000

test('a client looks as often a day as it is told, spread, and when it is woken', async () => {
  const clock = new SimClock(epochMs(1_795_000_000_000))
  const start = clock.now()
  const stop = new AbortController()
  const alarm = new Alarm()
  const at: number[] = []
  const draws = [0, 1, 0.5]
  const turn = (hours: number) => clock.turnTo(epochMs(clock.now() + hours * HOUR))
  const running = keepUpdating(
    { checksADay: 12, clock, draw: () => draws.shift() ?? 0.5 },
    async () => {
      at.push((clock.now() - start) / HOUR)
    },
    { alarm, signal: stop.signal },
  )
  await turn(7)
  assert.deepEqual(at, [0, 1.8, 4, 6])
  alarm.ring()
  await turn(0.5)
  assert.deepEqual(at, [0, 1.8, 4, 6, 7])
  stop.abort()
  await running
  alarm.ring()
  await turn(24)
  assert.equal(at.length, 5)
})

test('who is woken during a run looks once more when it is over', async () => {
  const clock = new SimClock(epochMs(0))
  const stop = new AbortController()
  const alarm = new Alarm()
  let runs = 0
  const running = keepUpdating(
    { checksADay: 1, clock, draw: () => 0 },
    async () => {
      runs += 1
      if (runs === 1) alarm.ring()
    },
    { alarm, signal: stop.signal },
  )
  await clock.turnTo(epochMs(HOUR))
  assert.equal(runs, 2)
  stop.abort()
  await running
})

test('what goes wrong in a run is not taken for the end of waiting', async () => {
  const { signal } = new AbortController()
  const clock = new SimClock(epochMs(0))
  const running = keepUpdating(
    { checksADay: 1, clock, draw: () => 0 },
    () => Promise.reject(new Error('a bug')),
    { alarm: new Alarm(), signal },
  )
  await assert.rejects(running, /a bug/)
})
