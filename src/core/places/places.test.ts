import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIpAddress, parseIpPrefix } from '#base/ip-address.ts'
import {
  EMPTY_TABLE,
  findPlace,
  findPlaceWith,
  overrideTable,
  placeAt,
  placeNumber,
  type RangeTable,
  RangeTableBuilder,
} from './index.ts'

function bytes(text: string): Uint8Array {
  const address = parseIpAddress(text)
  assert.ok(address, text)
  return address
}

function tableOf(...ranges: readonly (readonly [string, string, string])[]): RangeTable {
  const builder = new RangeTableBuilder()
  for (const [from, to, country] of ranges) {
    assert.ok(builder.add({ from: bytes(from), to: bytes(to), country }), `${from} ${to}`)
  }
  return builder.build()
}

const countryOf = (table: RangeTable, address: string) =>
  placeAt(findPlace(table, bytes(address))).country

test('an address is found in its range, and nowhere between ranges', () => {
  const table = tableOf(
    ['1.0.0.0', '1.0.0.255', 'AU'],
    ['1.0.1.0', '1.0.1.255', 'CN'],
    ['1.0.2.0', '1.0.2.255', 'CN'],
    ['2.0.0.0', '2.0.0.255', 'EU'],
    ['255.255.255.0', '255.255.255.255', 'FR'],
    ['2001:db8::', '2001:db8:0:ffff:ffff:ffff:ffff:ffff', 'DE'],
    ['2001:db8:1::', '2001:db8:1:ffff:ffff:ffff:ffff:ffff', 'FR'],
    ['ffff:ffff::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'US'],
  )
  const expected = {
    '0.255.255.255': undefined,
    '1.0.0.0': 'AU',
    '1.0.0.255': 'AU',
    '1.0.1.0': 'CN',
    '1.0.2.255': 'CN',
    '1.0.3.0': undefined,
    '2.0.0.1': undefined,
    '255.255.255.255': 'FR',
    '2001:db7:ffff::': undefined,
    '2001:db8::1': 'DE',
    '2001:db8:0:ffff::1': 'DE',
    '2001:db8:1::': 'FR',
    '2001:db8:2::': undefined,
    'ffff:ffff:ffff:ffff::': 'US',
  }
  for (const [address, country] of Object.entries(expected)) {
    assert.equal(countryOf(table, address), country, address)
  }
  assert.equal(table.ipv4.places.length, 6, 'neighbours of one country are one range')
})

test('ranges that go back are refused; ones finer than a /64 are one', () => {
  const builder = new RangeTableBuilder()
  const add = (from: string, to: string, country = 'DE') =>
    builder.add({ from: bytes(from), to: bytes(to), country })
  assert.equal(add('1.0.1.0', '1.0.1.255'), true)
  assert.equal(add('1.0.1.255', '1.0.2.0'), false)
  assert.equal(add('1.0.3.1', '1.0.3.0'), false)
  assert.equal(add('1.0.3.0', '2001::'), false)
  assert.equal(add('2001:506:9::4', '2001:506:9::5', 'US'), true)
  assert.equal(add('2001:506:9::6', '2001:506:9::6', 'FR'), true)
  assert.equal(countryOf(builder.build(), '2001:506:9::6'), 'US')
})

test('law: every address of every range is found', () => {
  const cuts = fc.uniqueArray(fc.nat({ max: 0xffff_ffff }), { minLength: 2, maxLength: 40 })
  const countries = fc.infiniteStream(fc.constantFrom('DE', 'FR', 'US', 'XX'))
  fc.assert(
    fc.property(cuts, countries, fc.nat({ max: 0xffff_ffff }), (points, stream, any) => {
      const sorted = points.toSorted((a, b) => a - b)
      const address = (value: number) =>
        Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
      const ranges = sorted.slice(0, -1).flatMap((from, at) => {
        const to = (sorted[at + 1] ?? 0) - 1
        const country = stream.next().value ?? 'DE'
        return at % 3 === 2 ? [] : [{ from, to, country }]
      })
      const builder = new RangeTableBuilder()
      for (const { from, to, country } of ranges) {
        assert.ok(builder.add({ from: address(from), to: address(to), country }))
      }
      const table = builder.build()
      for (const value of [any, ...points, ...points.map((point) => Math.max(point - 1, 0))]) {
        const range = ranges.find(({ from, to }) => from <= value && value <= to)
        assert.equal(findPlace(table, address(value)), placeNumber(range?.country ?? ''))
      }
    }),
  )
})

test('overrides win over the data, the more specific over the less', () => {
  const prefix = (text: string) => {
    const parsed = parseIpPrefix(text)
    assert.ok(parsed)
    return parsed
  }
  const overrides = overrideTable([
    { prefix: prefix('10.0.0.0/8'), country: 'DE' },
    { prefix: prefix('10.1.0.0/16'), country: 'FR' },
    { prefix: prefix('10.1.2.3'), country: 'US' },
    { prefix: prefix('0.0.0.0/8'), country: 'JP' },
    { prefix: prefix('255.0.0.0/8'), country: 'JP' },
    { prefix: prefix('2001:db8::/32'), country: 'IT' },
  ])
  const data = tableOf(['10.0.0.0', '12.0.0.0', 'AU'])
  const found = (address: string) => placeAt(findPlaceWith(overrides, data, bytes(address))).country
  assert.deepEqual(
    ['10.0.0.1', '10.1.0.1', '10.1.2.3', '10.1.2.4', '10.2.0.0', '11.0.0.0', '13.0.0.0'].map(found),
    ['DE', 'FR', 'US', 'FR', 'DE', 'AU', undefined],
  )
  assert.deepEqual(['0.0.0.0', '255.255.255.255', '2001:db8:5::1'].map(found), ['JP', 'JP', 'IT'])
  assert.equal(findPlaceWith(EMPTY_TABLE, EMPTY_TABLE, bytes('1.2.3.4')), 0)
})
