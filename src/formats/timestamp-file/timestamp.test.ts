import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { generation, serial } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import { parseTimestamp, printTimestamp, type TimestampFault } from './timestamp.ts'

const GOOD = '1795509000\n2026-11-24T08:30:00Z\nserial 12 generation 40\n'

test('a stamp prints as three lines and reads back', () => {
  const read = parseTimestamp(GOOD)
  assert.deepEqual(read, {
    ok: true,
    value: { stampedAt: 1_795_509_000, serial: 12, generation: 40 },
  })
  assert.ok(read.ok)
  assert.equal(printTimestamp(read.value), GOOD)
})

const BROKEN: readonly (readonly [string, string, TimestampFault['kind']])[] = [
  ['nothing', '', 'not-three-lines'],
  ['half a file', '1795509000\n2026-11-24T08:30:00Z\n', 'not-three-lines'],
  ['no LF at the end', GOOD.slice(0, -1), 'not-three-lines'],
  ['a fourth line', `${GOOD}more\n`, 'not-three-lines'],
  ['CRLF line ends', GOOD.replaceAll('\n', '\r\n'), 'bad-seconds'],
  ['a signed number', `+${GOOD}`, 'bad-seconds'],
  ['a leading zero', `0${GOOD}`, 'bad-seconds'],
  ['a year that has no spelling', GOOD.replace('1795509000', '999999999999'), 'bad-seconds'],
  ['two different seconds', GOOD.replace('08:30:00', '08:30:01'), 'times-differ'],
  ['no generation', GOOD.replace(' generation 40', ''), 'bad-numbers'],
  ['a serial beyond an int', GOOD.replace('12', '2147483648'), 'bad-numbers'],
  ['a page of a captive portal', '<html>'.repeat(100), 'too-long'],
]
for (const [situation, text, kind] of BROKEN) {
  test(`timestamp: ${situation} is refused as ${kind}`, () => {
    const read = parseTimestamp(text)
    assert.equal(read.ok ? 'accepted' : read.fault.kind, kind)
  })
}

test('law: whatever prints reads back', () => {
  const counter = fc.integer({ min: 0, max: 0x7fff_ffff })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), counter, counter, (at, s, g) => {
      const [serialNumber, generationNumber] = [serial(s), generation(g)]
      assert.ok(serialNumber !== undefined && generationNumber !== undefined)
      const stamp = {
        stampedAt: epochSeconds(at),
        serial: serialNumber,
        generation: generationNumber,
      }
      assert.deepEqual(parseTimestamp(printTimestamp(stamp)), { ok: true, value: stamp })
    }),
  )
})

test('law: no text makes the parser throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseTimestamp(text)))
})
