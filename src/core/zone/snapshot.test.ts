import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import { aMirror, down } from '../../../test/support/candidates.ts'
import { aName, aSerial, aVersion } from '../../../test/support/values.ts'
import { aSnapshot, NOW } from '../../../test/support/zone.ts'
import {
  alarmsOf,
  describeAlarm,
  parseSnapshot,
  printSnapshot,
  refusedAnnouncement,
  succeed,
  type ZoneSnapshot,
} from './index.ts'

test('a snapshot prints and reads back', () => {
  const paused = { kind: 'unlisted', state: 'paused', reason: 'a "reason", über\u2028' } as const
  const snapshot = aSnapshot({
    mirrors: [
      aMirror('m1', 'DE'),
      down('m2', 'US'),
      aMirror('m3', 'JP', { serial: undefined, listing: paused }),
    ],
    lastGood: { ipv4: ['m1'], ipv6: [] },
  })
  for (const one of [snapshot, aSnapshot({ announced: undefined, mirrors: [] })]) {
    const back = parseSnapshot(printSnapshot(one))
    assert.ok(back.ok, JSON.stringify(back))
    assert.deepEqual(printSnapshot(back.value), printSnapshot(one))
    assert.deepEqual(back.value.announced, one.announced)
  }
})

const change = (path: string, value: unknown) => {
  const document = JSON.parse(printSnapshot(aSnapshot()))
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  let at = document
  for (const key of keys) at = at[key]
  if (value === undefined) delete at[last]
  else at[last] = value
  return JSON.stringify(document)
}

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ['not JSON', '{', /it is not JSON/],
  ['a list', '[]', /the document is no object/],
  ['an unknown key', change('mirrros', []), /unknown key "mirrros"/],
  ['no zone', change('zone', undefined), /has no zone/],
  ['a zone in capitals', change('zone', 'ClamAV.example'), /zone is no domain name/],
  ['a serial that is none', change('serial', 2 ** 32), /serial is no whole number/],
  ['a country that is none', change('mirrors.3.country', 'Germany'), /mirrors\[3\]\.country is no/],
  [
    'an address that is none',
    change('mirrors.0.addresses.0.address', '192.0.2.300'),
    /mirrors\[0\]\.addresses\[0\]\.address is no address/,
  ],
  [
    'a condition that is none',
    change('mirrors.0.addresses.0.condition', { kind: 'fine' }),
    /condition\.kind is no/,
  ],
  ['a name that is no label', change('mirrors.0.name', 'a.b'), /mirrors\[0\]\.name is no label/],
  ['a name of the zone itself', change('mirrors.0.name', 'database'), /"database" is taken/],
  ['a name twice', change('mirrors.0.name', 'rsync1'), /"rsync1" is taken/],
  ['a primary that is no name server', change('authority.primary', 'ns9'), /none of nameServers/],
  ['a record kept too long', change('policy.ttl.records', 301), /records is no whole number/],
  ['more addresses than fit', change('policy.addressesMax', 14), /addressesMax is no/],
  ['a version that is none', change('announced.versions.daily', -1), /versions\.daily is no/],
]
for (const [situation, text, reason] of REFUSED) {
  test(`a snapshot with ${situation} is refused, with its place`, () => {
    const parsed = parseSnapshot(text)
    assert.ok(!parsed.ok)
    assert.match(parsed.fault.reason, reason)
  })
}

test('law: no JSON makes it throw', () => {
  const document = JSON.parse(printSnapshot(aSnapshot()))
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(document)), fc.jsonValue(), (key, value) => {
      parseSnapshot(JSON.stringify({ ...document, [key]: value }))
    }),
  )
})

function announcing(serial: number, daily: number): ZoneSnapshot {
  const { announced, ...rest } = aSnapshot()
  assert.ok(announced)
  const versions = new Map([...announced.versions, [aName('daily'), aVersion(daily)]])
  return { ...rest, announced: { ...announced, serial: aSerial(serial), versions } }
}

const MOVES: readonly (readonly [string, ZoneSnapshot, ZoneSnapshot, number, boolean])[] = [
  ['goes up', announcing(7, 100), announcing(8, 101), 8, false],
  ['stays', announcing(7, 100), announcing(7, 100), 7, false],
  ['a lower serial', announcing(7, 100), announcing(6, 100), 7, true],
  ['a lower version', announcing(7, 100), announcing(8, 99), 7, true],
  ['nothing any more', announcing(7, 100), aSnapshot({ announced: undefined }), 7, true],
]
for (const [situation, before, next, serial, refused] of MOVES) {
  test(`promises 2 and 4: what is announced never goes down: ${situation}`, () => {
    assert.equal(succeed(before, next).announced?.serial, serial)
    assert.equal(refusedAnnouncement(before, next) !== undefined, refused)
  })
}

test('who was good last is remembered while nobody is, and replaced when somebody is', () => {
  const good = succeed(
    undefined,
    aSnapshot({ mirrors: [aMirror('m1', 'DE'), aMirror('m2', 'DE')] }),
  )
  assert.deepEqual(good.lastGood.ipv4, ['m1', 'm2'])
  const bad = succeed(good, aSnapshot({ mirrors: [down('m1', 'DE'), down('m2', 'DE')] }))
  assert.deepEqual(bad.lastGood, good.lastGood)
  assert.deepEqual(
    alarmsOf(bad, NOW).map(({ kind }) => kind),
    ['last-good', 'last-good'],
  )
  const back = succeed(bad, aSnapshot({ mirrors: [down('m1', 'DE'), aMirror('m2', 'DE')] }))
  assert.deepEqual(back.lastGood.ipv4, ['m2'])
  assert.deepEqual(alarmsOf(back, NOW), [])
})

test('the serial of the zone only grows, also over its end', () => {
  const at = (before: number, wanted: number) =>
    succeed(
      succeed(undefined, aSnapshot({ serial: before })),
      aSnapshot({ serial: wanted, mirrors: [] }),
    ).serial
  assert.equal(at(5, 6), 6)
  assert.equal(at(5, 5), 6)
  assert.equal(at(5, 2), 6)
  assert.equal(at(0xffff_ffff, 3), 3)
  assert.equal(at(0xffff_ffff, 0xffff_ffff), 0)
})

test('every alarm can be read', () => {
  const late = epochSeconds(NOW + 90_000)
  const alarms = [
    ...alarmsOf(aSnapshot({ mirrors: [aMirror('m1', 'DE', { serial: aSerial(6) })] }), NOW),
    ...alarmsOf(aSnapshot({ mirrors: [down('m1', 'DE')] }), late),
    ...alarmsOf(aSnapshot({ mirrors: [] }), NOW),
  ]
  assert.deepEqual(
    [...new Set(alarms.map(({ kind }) => kind))],
    ['one-behind', 'listed', 'silent', 'nobody'],
  )
  for (const alarm of alarms) assert.notEqual(describeAlarm(alarm), '')
})
