import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDuration, parseSize, printDuration, printSize } from './quantity.ts'

const DURATIONS: readonly (readonly [string, number | undefined])[] = [
  ['6h', 21_600_000],
  ['30s', 30_000],
  ['500ms', 500],
  ['1h 30m', 5_400_000],
  ['1d', 86_400_000],
  ['0s', 0],
  ['', undefined],
  ['6', undefined],
  ['6 h', undefined],
  ['h', undefined],
  ['-1s', undefined],
  ['1.5h', undefined],
  ['1h  30m', undefined],
  ['1h ', undefined],
  ['1h30m', undefined],
  ['007s', undefined],
]
test('durations are numbers with a unit', () => {
  for (const [text, ms] of DURATIONS) assert.equal(parseDuration(text), ms, `«${text}»`)
})

const SIZES: readonly (readonly [string, number | undefined])[] = [
  ['512 MiB', 536_870_912],
  ['1GiB', 1_073_741_824],
  ['1.5 GiB', 1_610_612_736],
  ['10 GB', 10_000_000_000],
  ['0 B', 0],
  ['512', undefined],
  ['0.5 B', undefined],
  ['512 mib', undefined],
  ['-1 B', undefined],
  ['1  MiB', undefined],
]
test('sizes are numbers with a unit, whole bytes only', () => {
  for (const [text, bytes] of SIZES) assert.equal(parseSize(text), bytes, `«${text}»`)
})

test('law: whatever prints reads back', () => {
  fc.assert(fc.property(fc.nat(), (ms) => assert.equal(parseDuration(printDuration(ms)), ms)))
  fc.assert(
    fc.property(fc.nat({ max: 999_999_999 }), (bytes) =>
      assert.equal(parseSize(printSize(bytes)), bytes),
    ),
  )
})
