import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { aSnapshot, NOW } from '../../../test/support/zone.ts'
import {
  describeDisagreement,
  disagreements,
  type ServerSight,
  succeed,
  type ZoneSnapshot,
} from './index.ts'

const record = (daily: number, time = 1_795_488_000) => `1.4.6:63:${daily}:${time}:0:90:0:339`
const seen = (
  server: string,
  serial: number,
  text: string | undefined,
  more: Partial<ServerSight> = {},
): ServerSight => ({
  server,
  serial,
  record: text,
  authority: 'ns1.clamav.example hostmaster.clamav.example 600 120 86400 60',
  nameServers: ['ns1.clamav.example', 'ns2.clamav.example'],
  ...more,
})
const apart = (server: string, serial: number, newest: string, at: number) =>
  `${server} is at serial ${serial}, ${newest} at ${at}: it does not hear of changes, its clock is wrong, or its settings are not those of the other`

const CASES: readonly (readonly [string, readonly ServerSight[], readonly string[]])[] = [
  ['nobody was seen', [], []],
  [
    'the same, save for the time',
    [seen('a', 7, record(5)), seen('b', 7, record(5, 1_795_488_300))],
    [],
  ],
  ['one is behind', [seen('a', 7, record(5)), seen('b', 5, record(5))], [apart('b', 5, 'a', 7)]],
  [
    'field-notes 1.13: one tells an older version',
    [seen('a', 7, record(4)), seen('b', 8, record(5))],
    [apart('a', 7, 'b', 8), 'a tells other versions than b'],
  ],
  [
    'the serial went over its end',
    [seen('a', 0xffff_ffff, record(5)), seen('b', 1, record(5))],
    [apart('a', 0xffff_ffff, 'b', 1)],
  ],
  [
    'the settings of one have one name server less',
    [seen('a', 7, record(5), { nameServers: ['ns1.clamav.example'] }), seen('b', 7, record(5))],
    [
      'b names ns1.clamav.example, ns2.clamav.example as name servers, a names ns1.clamav.example: their settings ([[dns.name_servers]]) must be the same',
    ],
  ],
  [
    'the SOA of one was changed',
    [seen('a', 7, record(5)), seen('b', 7, record(5), { authority: 'ns2 mail 1 2 3 4' })],
    [
      'b has "ns2 mail 1 2 3 4" in its SOA, a "ns1.clamav.example hostmaster.clamav.example 600 120 86400 60": their settings must be the same',
    ],
  ],
  [
    'one has no record',
    [seen('a', 7, record(5)), seen('b', 7, undefined)],
    ['b has no update record, others have'],
  ],
  ['nobody has one yet', [seen('a', 7, undefined), seen('b', 7, undefined)], []],
  [
    'one tells nonsense',
    [seen('a', 7, record(5)), seen('b', 7, 'x')],
    ['the update record of b cannot be read'],
  ],
]
for (const [situation, sights, words] of CASES) {
  test(`name servers are compared: ${situation}`, () => {
    assert.deepEqual(disagreements(sights).map(describeDisagreement), words)
  })
}

test('the source counts on, and no serial has two contents whatever it counts', () => {
  const before = succeed(undefined, aSnapshot({ serial: 7 }))
  const serialOf = (serial: number, change: Partial<ZoneSnapshot> = {}) =>
    succeed(before, aSnapshot({ serial, heardAt: epochSeconds(NOW + 60), ...change })).serial
  assert.deepEqual([serialOf(99), serialOf(7), serialOf(2)], [99, 7, 7])
  const [grown, same, fewer] = [99, 7, 2].map((serial) => serialOf(serial, { masters: [] }))
  assert.deepEqual([grown, same, fewer], [99, 8, 8])
})
