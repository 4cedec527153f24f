import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { printIpAddress } from '#base/ip-address.ts'
import { parseTorGeoipLine } from './index.ts'

const LINES: readonly (readonly [string, string])[] = [
  ['16777216,16777471,AU', '1.0.0.0 1.0.0.255 AU'],
  [
    '2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP',
    '2001:200:: 2001:200:ffff:ffff:ffff:ffff:ffff:ffff JP',
  ],
  ['4294967295,4294967295,??', '255.255.255.255 255.255.255.255 ??'],
  ['# Generated: Thu, 25 Jun 2026 04:33:59 GMT', 'generated Thu, 25 Jun 2026 04:33:59 GMT'],
  ['# anything', 'comment'],
  ['', 'comment'],
  ['4294967296,4294967296,DE', 'bad-range'],
  ['1.0.0.0,1.0.0.255,AU', 'bad-range'],
  ['1,2', 'bad-range'],
  ['1,2,DE,more', 'bad-range'],
  ['1,2,de', 'bad-range'],
  ['2001::200::,2001:200::,JP', 'bad-range'],
]
for (const [line, expected] of LINES) {
  test(`«${line}» is ${expected}`, () => {
    const parsed = parseTorGeoipLine(line)
    assert.equal(show(parsed), expected)
  })
}

function show(parsed: ReturnType<typeof parseTorGeoipLine>): string {
  if (!parsed.ok) return parsed.fault.kind
  const line = parsed.value
  if (line.kind === 'generated') return `generated ${line.at}`
  if (line.kind === 'comment') return 'comment'
  return `${printIpAddress(line.from)} ${printIpAddress(line.to)} ${line.country}`
}

test('law: no line makes it throw', () => {
  fc.assert(fc.property(fc.string(), (line) => void parseTorGeoipLine(line)))
})
