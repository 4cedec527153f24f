import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import { aVersion } from '../../../test/support/values.ts'
import {
  CHARACTER_STRING_MAX,
  describeUpdateRecordFault,
  isRecordFresh,
  parseDatabaseRecord,
  parseUpdateRecord,
  printDatabaseRecord,
  printUpdateRecord,
  RECORD_TIME_MAX,
} from './record.ts'

const REAL = '1.4.6:63:27100:1795488000:1:90:49192:339'

test("ClamAV's record is read field by field", () => {
  assert.deepEqual(parseUpdateRecord(REAL), {
    ok: true,
    value: {
      newestClamav: '1.4.6',
      main: 63,
      daily: 27100,
      createdAt: 1795488000,
      versionWarning: 1,
      level: 90,
      safebrowsing: 49192,
      bytecode: 339,
    },
  })
})

test('a database whose field is missing, 0 or no number is not known; the rest is', () => {
  for (const text of ['1.4.6:0:x:5:0', '1.4.6::-1:5:0:90:0:4294967296', '1.4.6:01:2 :5:0:a:b:c']) {
    const record = parseUpdateRecord(text)
    assert.ok(record.ok, text)
    const { main, daily, safebrowsing, bytecode } = record.value
    assert.deepEqual([main, daily, safebrowsing, bytecode], Array(4).fill(undefined), text)
  }
})

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['nothing', '', 'bad-field'],
  ['no version', ':63:27100:5:1', 'bad-field'],
  ['a version that is none', '1.4-beta:63:27100:5:1', 'bad-field'],
  ['no time', '1.4.6:63:27100', 'bad-field'],
  ['a time that clients wrap', '1.4.6:63:27100:2147483648:1', 'bad-field'],
  ['no warning field', '1.4.6:63:27100:5', 'bad-field'],
  ['a line feed', `${REAL}\n`, 'bad-character'],
  ['too much in it', `${REAL}:${'x'.repeat(CHARACTER_STRING_MAX)}`, 'too-long'],
]
for (const [situation, text, kind] of REFUSED) {
  test(`a record with ${situation} is refused as ${kind}`, () => {
    const record = parseUpdateRecord(text)
    assert.ok(!record.ok)
    assert.equal(record.fault.kind, kind)
    assert.notEqual(describeUpdateRecordFault(record.fault), '')
  })
}

test('a record counts for twelve hours, and from the future it counts', () => {
  const made = epochSeconds(1_795_488_000)
  assert.ok(isRecordFresh(made, epochSeconds(made + 43_200)))
  assert.ok(!isRecordFresh(made, epochSeconds(made + 43_201)))
  assert.ok(isRecordFresh(made, epochSeconds(made - 1_000_000)))
})

const counter = fc.nat({ max: RECORD_TIME_MAX })
const version = fc.integer({ min: 1, max: RECORD_TIME_MAX }).map(aVersion)

test('law: a record prints into one character-string and reads back', () => {
  const record = fc.record(
    {
      newestClamav: fc.constantFrom('0.67', '1.4.6', '1.5.0'),
      main: version,
      daily: version,
      createdAt: counter.map(epochSeconds),
      versionWarning: counter,
      level: counter,
      safebrowsing: version,
      bytecode: version,
      more: fc.array(fc.constantFrom('a', '', '12'), { minLength: 1, maxLength: 5 }),
    },
    { requiredKeys: ['newestClamav', 'createdAt', 'versionWarning', 'level'] },
  )
  fc.assert(
    fc.property(record, (value) => {
      const text = printUpdateRecord(value)
      assert.ok(text.length <= CHARACTER_STRING_MAX)
      const back = parseUpdateRecord(text)
      assert.ok(back.ok)
      assert.deepEqual({ ...back.value }, { ...value })
    }),
  )
  assert.equal(printUpdateRecord(recordOf(REAL)), REAL)
})

function recordOf(text: string) {
  const parsed = parseUpdateRecord(text)
  assert.ok(parsed.ok)
  return parsed.value
}

test('law: the record of one database prints and reads back; a 0 is none', () => {
  fc.assert(
    fc.property(version, counter.map(epochSeconds), (value, createdAt) => {
      const record = { version: value, createdAt }
      assert.deepEqual(parseDatabaseRecord(printDatabaseRecord(record)), {
        ok: true,
        value: record,
      })
    }),
  )
  for (const text of ['', '0:5', '5', '5:', 'x:5', '5:x']) assert.ok(!parseDatabaseRecord(text).ok)
})

test('law: no text makes them throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      parseUpdateRecord(text)
      parseUpdateRecord(`1.4.6:${text}`)
      parseDatabaseRecord(text)
    }),
  )
})
