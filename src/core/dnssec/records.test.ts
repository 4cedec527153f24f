import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import { dnsName, internetRecord, nameToWire, TYPE, txt } from '#formats/dns-message/index.ts'
import {
  denial,
  dnskeyData,
  dnskeyLine,
  dsLine,
  keyTag,
  NO_TIMES,
  nextName,
  recordSets,
  typeBitmap,
  zoneKey,
} from './index.ts'

/** RFC 6605, 6.1. */
const PRIVATE = 'GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ='
const PUBLIC =
  'GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=='
const DIGEST = 'B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17'

test('RFC 6605, 6.1: public key, tag and DS of the example', () => {
  const created = epochSeconds(0)
  const key = zoneKey(Uint8Array.from(Buffer.from(PRIVATE, 'base64')), { ...NO_TIMES, created })
  assert.ok(key)
  const zone = dnsName('example.net')
  assert.equal(Buffer.from(key.publicKey).toString('base64'), PUBLIC)
  assert.equal(keyTag(dnskeyData(key.publicKey)), 55648)
  assert.equal(dnskeyLine(zone, key), `example.net. 3600 IN DNSKEY 257 3 13 ${PUBLIC}`)
  assert.equal(dsLine(zone, key), `example.net. 3600 IN DS 55648 13 2 ${DIGEST}`)
})

test('RFC 4034, 4.3: the bitmap of the example', () => {
  const types = [TYPE.A, TYPE.MX, TYPE.RRSIG, TYPE.NSEC, 1234]
  const expected = `0006400100000003041b${'00'.repeat(26)}20`
  assert.equal(typeBitmap(types).toString('hex'), expected)
})

test('RFC 4034, 6.3: a set is in the order of its data, whatever their length, each once', () => {
  const name = dnsName('clamav.example')
  const records = ['zz', 'b', 'aaa', 'b'].map((value) =>
    internetRecord(name, 60, { kind: 'caa', flags: 0, tag: 'issue', value }),
  )
  const [set, ...others] = recordSets(records)
  assert.equal(others.length, 0)
  const text = set?.canonical.toString('latin1') ?? ''
  assert.deepEqual(
    [...text.matchAll(/issue([a-z]+)/g)].map(([, value]) => value),
    ['aaa', 'b', 'zz'],
  )
})

test('a section is cut into its sets, in the order of their first records', () => {
  const [a, b] = [dnsName('a.example'), dnsName('b.example')]
  const sets = recordSets([
    internetRecord(b, 60, txt('one')),
    internetRecord(a, 60, txt('two')),
    internetRecord(b, 60, txt('three')),
    internetRecord(b, 60, { kind: 'cname', target: a }),
  ])
  assert.deepEqual(
    sets.map(({ records }) => records.length),
    [2, 1, 1],
  )
})

test('a denial names the very next name and what is there', () => {
  const there = denial(dnsName('db.clamav.example'), [TYPE.A], 60)
  assert.ok(there.data.kind === 'other')
  const next = Buffer.concat([Buffer.of(1, 0), nameToWire(dnsName('db.clamav.example'))])
  assert.deepEqual(
    Buffer.from(there.data.bytes),
    Buffer.concat([next, typeBitmap([TYPE.A, TYPE.RRSIG, TYPE.NSEC])]),
  )
  const absent = denial(dnsName('no.clamav.example'), undefined, 60)
  assert.ok(absent.data.kind === 'other')
  const bitmap = typeBitmap([TYPE.RRSIG, TYPE.NSEC, TYPE.NXNAME])
  assert.deepEqual(Buffer.from(absent.data.bytes).subarray(-bitmap.byteLength), bitmap)
})

/** Labels, the highest first, as RFC 4034, 6.1 compares them. */
function labels(wire: Uint8Array): readonly Buffer[] {
  const found: Buffer[] = []
  let at = 0
  while ((wire[at] ?? 0) !== 0) {
    const end = at + 1 + (wire[at] ?? 0)
    found.unshift(Buffer.from(wire.subarray(at + 1, end)))
    at = end
  }
  assert.equal(at, wire.byteLength - 1)
  return found
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const [left, right] = [labels(a), labels(b)]
  for (const [at, label] of left.entries()) {
    const other = right[at]
    if (other === undefined) return 1
    const order = Buffer.compare(label, other)
    if (order !== 0) return order
  }
  return left.length - right.length
}

test('law: the next name is a name, comes after, and names of the zone up to 255 bytes have one', () => {
  const byte = fc.nat({ max: 255 }).filter((one) => one < 0x41 || one > 0x5a)
  const label = fc.oneof(
    fc.array(byte, { minLength: 1, maxLength: 63 }),
    fc.array(fc.constantFrom(0xff, 0x40, 0x61), { minLength: 60, maxLength: 63 }),
  )
  const zone = nameToWire(dnsName('clamav.example'))
  const wire = fc.array(label, { maxLength: 4 }).map((all) => {
    const parts = all.map((one) => Buffer.of(one.length, ...one))
    while (parts.reduce((sum, one) => sum + one.byteLength, zone.byteLength) > 255) parts.pop()
    const used = parts.reduce((sum, one) => sum + one.byteLength, zone.byteLength)
    const room = 255 - used
    // Fills up, so that the longest names are met often.
    if (parts.length > 2 && room > 1)
      parts.unshift(Buffer.of(room - 1, ...Array(room - 1).fill(0xff)))
    return Buffer.concat([...parts.filter(([length = 0]) => length <= 63), zone])
  })
  fc.assert(
    fc.property(wire, (name) => {
      const next = nextName(name)
      assert.ok(next.byteLength <= 255)
      assert.ok(
        compare(name, next) < 0,
        `${name.toString('hex')} ${Buffer.from(next).toString('hex')}`,
      )
    }),
    { numRuns: 2000 },
  )
})
