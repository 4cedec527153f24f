import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DerFields, der, derOid, derSet, oidText, readItem, readItems, TAG } from './der.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

const REFUSED: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a tag alone', '30'],
  ['a body that is cut off', '30 03 02 01'],
  ['an indefinite length', '30 80 00 00'],
  ['a long form for a short length', '30 81 01 05'],
  ['a length with a leading zero', `30 82 00 80 ${'00'.repeat(128)}`],
  ['a length of four bytes', '30 84 00 00 00 01 05'],
  ['a tag of two bytes', '3f 81 01 00'],
  ['bytes behind', '30 00 00'],
]
for (const [situation, bytes] of REFUSED) {
  test(`DER with ${situation} is not read`, () => {
    assert.equal(readItem(hex(bytes), TAG.sequence), undefined)
  })
}

test('a body of 127, 128, 255, 256 and 70000 bytes comes back whole', () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 70_000]) {
    const whole = der(TAG.octetString, new Uint8Array(length).fill(7))
    assert.equal(readItem(whole, TAG.octetString)?.body.byteLength, length)
  }
})

test('fields are taken in order, by their tags', () => {
  const fields = new DerFields(Buffer.concat([der(TAG.integer, hex('05')), der(TAG.null)]))
  assert.equal(fields.take(TAG.sequence), undefined)
  assert.deepEqual(fields.take(TAG.integer)?.body, hex('05'))
  assert.equal(fields.atEnd, false)
  assert.equal(fields.any()?.tag, TAG.null)
  assert.equal(fields.atEnd, true)
  assert.equal(new DerFields(hex('3003')).atEnd, false)
})

test('law: object identifiers print and read back', () => {
  const arc = fc.nat({ max: 2 ** 31 })
  fc.assert(
    fc.property(fc.nat({ max: 2 }), fc.nat({ max: 39 }), fc.array(arc), (first, second, rest) => {
      const text = [first, second, ...rest].join('.')
      assert.equal(oidText(readItem(derOid(text), TAG.oid)?.body ?? new Uint8Array(0)), text)
    }),
  )
  assert.equal(oidText(hex('2a 80 01')), undefined, 'a digit with a leading zero')
  assert.equal(oidText(hex('2a 86')), undefined, 'a number that does not end')
})

test('law: items written are items read; sets are in the order of their bytes', () => {
  const items = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
  fc.assert(
    fc.property(items, (bodies) => {
      const parts = bodies.map((body) => der(TAG.octetString, body))
      const read = readItems(readItem(derSet(TAG.set, parts), TAG.set)?.body ?? hex('30'))
      const sorted = parts.toSorted((a, b) => Buffer.compare(a, b))
      assert.deepEqual(
        read?.map(({ whole }) => Buffer.from(whole)),
        sorted.map((part) => Buffer.from(part)),
      )
    }),
  )
})

test('law: no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readItems(bytes)
      oidText(bytes)
    }),
  )
})
