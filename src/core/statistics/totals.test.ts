import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochMs } from '#base/time.ts'
import { TOTALS_DAYS_MAX, totalsCodec, trafficAt } from './totals.ts'

const NOW = epochMs(Date.UTC(2026, 10, 24, 12))

function aDay(day: string, bytes: number) {
  return { day, bytes, requests: 1, clients: 1 }
}

test('a day is yesterday, a month the thirty days until then; today and what is older do not count', () => {
  const days = [
    aDay('2026-10-24', 1),
    aDay('2026-10-25', 10),
    aDay('2026-11-23', 100),
    aDay('2026-11-24', 1000),
    aDay('2027-01-01', 10_000),
  ]
  assert.deepEqual(trafficAt(days, NOW), { day: 100, month: 110 })
  assert.deepEqual(trafficAt([aDay('2026-11-22', 5)], NOW), { day: 0, month: 5 })
  assert.equal(trafficAt([aDay('2026-11-24', 5)], NOW), undefined)
})

test('a mirror that lies twice about a day is believed once', () => {
  assert.deepEqual(trafficAt([aDay('2026-11-23', 7), aDay('2026-11-23', 7)], NOW), {
    day: 7,
    month: 7,
  })
})

test('what is no totals is a fault with its place', () => {
  const good = { days: [aDay('2026-11-23', 1)] }
  assert.deepEqual(totalsCodec.parse(totalsCodec.print(good)), { ok: true, value: good })
  const long = Array.from({ length: TOTALS_DAYS_MAX + 1 }, () => aDay('2026-11-23', 1))
  for (const [evil, path] of [
    ['<html>', ''],
    [{ days: long }, 'days'],
    [{ days: [aDay('<b>', 1)] }, 'days[0].day'],
    [{ days: [aDay('2026-11-23', -1)] }, 'days[0].bytes'],
    [{ days: [aDay('2026-11-23', 1e300)] }, 'days[0].bytes'],
    [{ days: [{ ...aDay('2026-11-23', 1), more: 1 }] }, 'days[0].more'],
  ] as const) {
    const read = totalsCodec.parse(typeof evil === 'string' ? evil : JSON.stringify(evil))
    assert.equal(read.ok ? 'read' : read.fault.path, path)
  }
})
