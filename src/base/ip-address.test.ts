import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  maskIpAddress,
  parseIpAddress,
  parseIpPrefix,
  prefixContains,
  printIpAddress,
  unmapped,
} from './ip-address.ts'

const ADDRESSES: readonly (readonly [string, string | undefined])[] = [
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['::', '::'],
  ['1::', '1::'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['192.0.2.256', undefined],
  ['192.0.2.01', undefined],
  ['192.0.2', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
  ['1:2:3:4:5:6:7:8::', undefined],
  ['1::2::3', undefined],
  [':1', undefined],
  ['fe80::1%eth0', undefined],
  ['192.0.2.1::', undefined],
  ['', undefined],
]
test('addresses are read as RFC 4291 has them and printed as RFC 5952 wants', () => {
  for (const [text, printed] of ADDRESSES) {
    const bytes = parseIpAddress(text)
    assert.equal(bytes && printIpAddress(bytes), printed, `«${text}»`)
  }
})

test('law: every address prints and reads back', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const sparse = fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 16, maxLength: 16 })
  const any = fc.oneof(
    bytes(4),
    bytes(16),
    sparse.map((list) => Uint8Array.from(list)),
  )
  fc.assert(
    fc.property(any, (address) => {
      assert.deepEqual(parseIpAddress(printIpAddress(address)), address)
    }),
  )
})

test('a prefix contains what begins like it, in its own family', () => {
  const prefix = parseIpPrefix('192.0.2.128/25')
  const inside = parseIpAddress('192.0.2.200')
  const outside = parseIpAddress('192.0.2.100')
  const other = parseIpAddress('2001:db8::1')
  assert.ok(prefix && inside && outside && other)
  assert.equal(prefixContains(prefix, inside), true)
  assert.equal(prefixContains(prefix, outside), false)
  assert.equal(prefixContains(prefix, other), false)
  assert.equal(printIpAddress(maskIpAddress(inside, 25)), '192.0.2.128')
  for (const text of ['192.0.2.1/24', '192.0.2.0/33', '192.0.2.0/', '192.0.2.0/24/1', 'x/1']) {
    assert.equal(parseIpPrefix(text), undefined, text)
  }
})

test('a mapped address stands for the IPv4 address in it', () => {
  const mapped = parseIpAddress('::ffff:192.0.2.1')
  assert.ok(mapped)
  assert.deepEqual(unmapped(mapped), Uint8Array.of(192, 0, 2, 1))
})
