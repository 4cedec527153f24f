import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import {
  describeFreshclamDatFault,
  FRESHCLAM_DAT_BYTES,
  parseFreshclamDat,
  printFreshclamDat,
} from './dat.ts'

const uuid = 'fd49bb29-8689-41b4-bef4-067a5557e6db'
const GOOD = printFreshclamDat({ uuid, retryAfter: epochSeconds(1_795_488_000), cfRay: '8a-FRA' })

function changed(at: number, ...bytes: readonly number[]): Uint8Array {
  const other = Uint8Array.from(GOOD)
  other.set(bytes, at)
  return other
}

const REFUSED: readonly (readonly [string, Uint8Array, string])[] = [
  ['no bytes', new Uint8Array(0), 'bad-length'],
  ['a byte too many', Buffer.concat([GOOD, Uint8Array.of(0)]), 'bad-length'],
  ['another beginning', changed(0, 0x66), 'not-freshclam-data'],
  ['another version', changed(13, 2), 'unknown-version'],
  ['an end in its uuid', changed(20, 0), 'bad-uuid'],
  ['no end of its uuid', changed(53, 0x41), 'bad-uuid'],
  ['a time before 1970', changed(68, 0x80), 'bad-retry-after'],
  ['a cf-ray without end', changed(69, ...Array(21).fill(0x41)), 'bad-cf-ray'],
  ['a control character in its cf-ray', changed(70, 7), 'bad-cf-ray'],
]
for (const [situation, bytes, kind] of REFUSED) {
  test(`freshclam.dat with ${situation} is refused as ${kind}`, () => {
    const dat = parseFreshclamDat(bytes)
    assert.ok(!dat.ok)
    assert.equal(dat.fault.kind, kind)
    assert.notEqual(describeFreshclamDatFault(dat.fault), '')
  })
}

test('law: what prints reads back, whatever the padding', () => {
  const dat = fc.record(
    {
      uuid: fc.uuid(),
      retryAfter: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(epochSeconds),
      cfRay: fc.string({ unit: fc.constantFrom(...'09af-ABZ'), minLength: 1, maxLength: 20 }),
    },
    { requiredKeys: ['uuid'] },
  )
  const padding = fc.uint8Array({ minLength: 7, maxLength: 7 })
  fc.assert(
    fc.property(dat, padding, (value, noise) => {
      const bytes = Uint8Array.from(printFreshclamDat(value))
      assert.equal(bytes.byteLength, FRESHCLAM_DAT_BYTES)
      bytes.set(noise, 54)
      const back = parseFreshclamDat(bytes)
      assert.ok(back.ok)
      assert.deepEqual({ ...back.value }, { ...value })
    }),
  )
})

test('law: no bytes make it throw', () => {
  const bytes = fc.uint8Array({ minLength: FRESHCLAM_DAT_BYTES, maxLength: FRESHCLAM_DAT_BYTES })
  fc.assert(
    fc.property(bytes, fc.nat({ max: FRESHCLAM_DAT_BYTES }), (noise, kept) => {
      const mixed = Uint8Array.from(GOOD)
      mixed.set(noise.subarray(kept), kept)
      parseFreshclamDat(mixed)
      parseFreshclamDat(noise.subarray(kept))
    }),
  )
})
