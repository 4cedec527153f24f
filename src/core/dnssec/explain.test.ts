import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochSeconds, rfc3339 } from '#base/time.ts'
import { dnsName } from '#formats/dns-message/index.ts'
import { NOW } from '../../../test/support/zone.ts'
import { aZoneKey } from '../../../test/support/zone-keys.ts'
import { describeSigning, dsLine, explainSigning } from './index.ts'

const ZONE = dnsName('clamav.example')
const DAY = 86_400
const ago = (seconds: number) => epochSeconds(NOW - seconds)

const old = aZoneKey(1, { published: ago(9 * DAY), activated: ago(9 * DAY), retired: ago(DAY) })
const active = aZoneKey(2, {
  published: ago(3 * DAY),
  activated: ago(DAY),
  dsPublished: ago(2 * DAY),
})
const next = aZoneKey(3, { published: ago(60) })
const gone = aZoneKey(4, { published: ago(90 * DAY), removed: ago(DAY) })
const keys = [old, active, next, gone]

function signed(name: string, which = keys) {
  const signing = explainSigning(ZONE, which, dnsName(name), NOW)
  assert.ok(signing.kind === 'signed')
  return signing
}

test('each key in the zone is told with what it signs; the parent should have the active and the next', () => {
  const { keys: told, ds } = signed('database.clamav.example')
  assert.deepEqual(
    told.map(({ tag, state, signs }) => [tag, state, signs]),
    [
      [old.tag, 'retired', 'keys only'],
      [active.tag, 'active', 'all answers'],
      [next.tag, 'standby', 'keys only'],
    ],
  )
  assert.deepEqual(ds, [
    { tag: active.tag, record: dsLine(ZONE, active), seenSince: rfc3339(ago(2 * DAY)) },
    { tag: next.tag, record: dsLine(ZONE, next), seenSince: null },
  ])
  // Where nobody is active the last one that was goes on.
  const [last] = signed('clamav.example', [old, gone]).keys
  assert.deepEqual([last?.state, last?.signs], ['retired', 'all answers'])
})

test('signatures hold for a week, and are another after two days', () => {
  const { signatures } = signed('clamav.example')
  const after = (text: string) => Date.parse(text) / 1000 - NOW
  assert.equal(after(signatures.until), 7 * DAY)
  assert.equal(after(signatures.atLeastUntil), 5 * DAY)
})

test('a name outside the zone is not signed, and that is said', () => {
  for (const name of ['acme.cvd.clamav.net', 'xclamav.example']) {
    const signing = explainSigning(ZONE, keys, dnsName(name), NOW)
    assert.deepEqual(signing, { kind: 'outside-the-zone' })
    assert.match(describeSigning(signing).join(), /^not signed: the name is not in the zone/)
  }
})

test('in words: who signs what, how long it holds, and what the parent should have', () => {
  const lines = describeSigning(signed('database.clamav.example'))
  assert.match(lines[0] ?? '', /^signed \(DNSSEC\)/)
  assert.match(
    lines[2] ?? '',
    new RegExp(`^  key ${active.tag}, active since .*, signs all answers$`),
  )
  assert.match(lines[3] ?? '', new RegExp(`^  key ${next.tag}, standby since .*zone's keys only$`))
  assert.match(lines[4] ?? '', /made now holds until .*; none that is sent ends before /)
  assert.match(
    lines[5] ?? '',
    /^ {2}the parent should have, seen there since 2026-.*: clamav\.example\. 3600 IN DS /,
  )
  assert.match(
    lines[6] ?? '',
    /^ {2}the parent should have, not seen there yet: clamav\.example\. /,
  )
  assert.equal(lines.length, 7)
})
