import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type EpochSeconds, epochSeconds } from '#base/time.ts'
import { dnsName, TYPE, typeOf } from '#formats/dns-message/index.ts'
import { aZoneKey } from '../../../test/support/zone-keys.ts'
import {
  decideKeyAct,
  forceKeyAct,
  isKeyFileName,
  type KeyAct,
  keyFileName,
  keyRecords,
  keyStateAt,
  nextChange,
  parseKeyFile,
  printKeyFile,
  publishedKeys,
  signingKeys,
  timesOfNewKey,
  type ZoneKey,
} from './index.ts'

const START = epochSeconds(1_795_488_000)
const HOUR = 3600
const DAY = 86_400
const at = (seconds: number): EpochSeconds => epochSeconds(START + seconds)
const OLD = aZoneKey(1, timesOfNewKey([], START))
const NEW = aZoneKey(2, timesOfNewKey([OLD], START))

function after(keys: readonly ZoneKey[], act: KeyAct, key: ZoneKey, time: number) {
  const decided = decideKeyAct(keys, act, key.tag, at(time))
  assert.ok(decided.ok, JSON.stringify(decided))
  const changed = new Map(decided.value.map((one) => [one.tag, one]))
  return keys.map((one) => changed.get(one.tag) ?? one)
}

function refusal(keys: readonly ZoneKey[], act: KeyAct, key: ZoneKey, time: number): string {
  const decided = decideKeyAct(keys, act, key.tag, at(time))
  return decided.ok ? 'none' : decided.fault.kind
}

const states = (keys: readonly ZoneKey[], time: number) =>
  keys.map((key) => keyStateAt(key, at(time)))

test('a rollover: each step in its time, and too soon it is refused with the reason', () => {
  let keys: readonly ZoneKey[] = [OLD, NEW]
  assert.deepEqual(states(keys, 0), ['active', 'standby'])
  keys = after(keys, 'ds-published', OLD, 0)
  assert.equal(refusal(keys, 'activate', NEW, 2 * HOUR - 1), 'keys-in-caches')
  assert.equal(refusal(keys, 'remove', OLD, 2 * HOUR), 'last-active')
  keys = after(keys, 'activate', NEW, 2 * HOUR)
  assert.deepEqual(states(keys, 2 * HOUR), ['retired', 'active'])
  assert.equal(refusal(keys, 'remove', OLD, 2 * HOUR), 'ds-at-parent')
  assert.equal(refusal(keys, 'ds-withdrawn', OLD, 3 * HOUR), 'no-other-ds')
  keys = after(keys, 'ds-published', NEW, 3 * HOUR)
  keys = after(keys, 'ds-withdrawn', OLD, 4 * HOUR)
  assert.equal(refusal(keys, 'remove', OLD, 4 * HOUR + DAY - 1), 'ds-in-caches')
  assert.equal(refusal(keys, 'remove', NEW, 4 * HOUR + DAY), 'last-active')
  keys = after(keys, 'remove', OLD, 4 * HOUR + DAY)
  assert.deepEqual(states(keys, 4 * HOUR + DAY), ['removed', 'active'])
  assert.equal(refusal(keys, 'activate', OLD, 9 * DAY), 'wrong-state')
})

test('a key whose DS left at once stays until what it signed has left the caches', () => {
  let keys: readonly ZoneKey[] = [OLD, NEW]
  keys = after(keys, 'ds-published', OLD, 0)
  keys = after(keys, 'ds-published', NEW, 0)
  keys = after(keys, 'ds-withdrawn', OLD, 0)
  keys = after(keys, 'activate', NEW, 3 * HOUR)
  assert.equal(refusal(keys, 'remove', OLD, DAY + HOUR), 'signatures-in-caches')
  assert.equal(refusal(keys, 'remove', OLD, DAY + 4 * HOUR), 'none')
})

test('a standby key that the registrar never saw may go, and a step may be forced but not made up', () => {
  assert.equal(refusal([OLD, NEW], 'remove', NEW, 1), 'none')
  assert.ok(forceKeyAct([OLD, NEW], 'activate', NEW.tag, at(1)).ok)
  assert.ok(forceKeyAct([OLD], 'remove', OLD.tag, at(1)).ok)
  assert.ok(!forceKeyAct([OLD], 'activate', OLD.tag, at(1)).ok)
  assert.ok(!forceKeyAct([OLD], 'remove', 65_535, at(1)).ok)
})

test('what a crash leaves between two writes validates, and the same step ends it', () => {
  const decided = decideKeyAct([OLD, NEW], 'activate', NEW.tag, at(3 * HOUR))
  assert.ok(decided.ok)
  const [first] = decided.value
  assert.equal(first?.tag, NEW.tag, 'the new one first: there is always one that signs')
  const between = first === undefined ? [] : [OLD, first]
  assert.deepEqual(states(between, 3 * HOUR), ['active', 'active'])
  assert.equal(signingKeys(between, at(3 * HOUR)).length, 2)
  assert.deepEqual(states(after(between, 'activate', NEW, 3 * HOUR), 3 * HOUR), [
    'retired',
    'active',
  ])
})

/**
 * The law of rollovers: whoever kept the keys, a signature or the DS for as long as he may can still validate. Each is
 * looked at through what was true at an earlier time.
 */
test('law: no sequence of allowed steps breaks validation for a cache', () => {
  const acts = fc.constantFrom<KeyAct>('activate', 'ds-withdrawn', 'ds-published', 'remove')
  const hours = fc.constantFrom(0, 0, 0, 1, 2, 12, 20, 25)
  const step = fc.tuple(acts, fc.nat({ max: 2 }), hours)
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 40 }), (steps) => {
      const [second, third] = [2, 3].map((number) =>
        aZoneKey(number, timesOfNewKey([OLD], at(HOUR))),
      )
      assert.ok(second && third)
      let keys: readonly ZoneKey[] = [OLD, second, third]
      keys = after(keys, 'ds-published', OLD, HOUR)
      let time = HOUR
      const history = [
        { time: 0, keys: after([OLD], 'ds-published', OLD, 0) },
        { time, keys },
      ]
      for (const [act, which, hours] of steps) {
        time += hours * HOUR
        const key = keys[which]
        if (key === undefined || refusal(keys, act, key, time) !== 'none') continue
        keys = after(keys, act, key, time)
        history.push({ time, keys })
        assertValidates(history, time)
      }
    }),
    { numRuns: 3000 },
  )
})

interface Moment {
  readonly time: number
  readonly keys: readonly ZoneKey[]
}

function assertValidates(history: readonly Moment[], time: number): void {
  const now = history.at(-1)?.keys ?? []
  const published = new Set(publishedKeys(now, at(time)).map(({ tag }) => tag))
  const during = (seconds: number) =>
    history.filter((_, number) => (history[number + 1]?.time ?? time) > time - seconds)
  for (const { keys, time: then } of during(DAY)) {
    // What was signed a day ago is validated with the keys of now.
    for (const { tag } of signingKeys(keys, at(then))) assert.ok(published.has(tag), 'signature')
    // The DS of a day ago must point to a key of now.
    const pointed = keys.filter(
      ({ times }) => times.dsPublished !== undefined && times.dsWithdrawn === undefined,
    )
    assert.ok(
      pointed.some(({ tag }) => published.has(tag)),
      'ds',
    )
  }
  // What is signed now is validated with keys of an hour ago.
  for (const { keys, time: then } of during(HOUR)) {
    const known = publishedKeys(keys, at(then)).map(({ tag }) => tag)
    assert.ok(
      signingKeys(now, at(time)).every(({ tag }) => known.includes(tag)),
      'key',
    )
  }
}

test('the zone has every published key, and the parent is told of those to come and those that sign', () => {
  const retired = aZoneKey(4, { ...OLD.times, retired: at(1) })
  const records = keyRecords(dnsName('clamav.example'), [OLD, NEW, retired], at(2), 3600)
  const count = (type: number) => records.filter(({ data }) => typeOf(data) === type).length
  assert.deepEqual([TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY].map(count), [3, 2, 2])
})

test('planned times come about by themselves, and the last key goes on signing', () => {
  const planned = aZoneKey(5, { ...OLD.times, retired: at(DAY) })
  assert.equal(nextChange([planned, OLD], at(0)), at(DAY))
  assert.equal(nextChange([planned], at(DAY)), undefined)
  assert.equal(keyStateAt(planned, at(DAY)), 'retired')
  assert.deepEqual(signingKeys([planned], at(DAY)), [planned])
  assert.deepEqual(signingKeys([planned, OLD], at(DAY)), [OLD])
})

test('law: a key file is read as it was printed', () => {
  const times = fc.record({
    created: fc.nat({ max: 2_000_000_000 }),
    published: fc.option(fc.nat({ max: 2_000_000_000 }), { nil: undefined }),
    dsWithdrawn: fc.option(fc.nat({ max: 2_000_000_000 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), times, (number, some) => {
      const key = aZoneKey(number, { ...OLD.times, ...(some as Partial<ZoneKey['times']>) })
      const read = parseKeyFile(printKeyFile(key))
      assert.ok(read.ok)
      assert.deepEqual(read.value, key)
    }),
  )
})

const GOOD = printKeyFile(OLD)
const FAULTS: readonly (readonly [string, RegExp])[] = [
  ['', /is no private key of v1\.3/],
  [GOOD.replace('13 (ECDSAP256SHA256)', '8 (RSASHA256)'), /algorithm 8 \(RSASHA256\); only 13/],
  [GOOD.replace(/PrivateKey: .*/, 'PrivateKey: AAAA'), /no PrivateKey of 32 bytes/],
  [
    GOOD.replace(/PrivateKey: .*/, `PrivateKey: ${Buffer.alloc(32).toString('base64')}`),
    /no PrivateKey/,
  ],
  [GOOD.replace(/Created: .*/, 'Created: yesterday'), /a Created that is no time: "yesterday"/],
  [GOOD.replace('Activate', 'Revoke'), /a field "Revoke" that means nothing here/],
  [`${GOOD}PrivateKey=secret\n`, /cannot use the line "PrivateKey …"/],
]
for (const [text, reason] of FAULTS) {
  test(`a key file that ${reason.source} is refused`, () => {
    const read = parseKeyFile(text)
    assert.ok(!read.ok)
    assert.match(read.fault, reason)
  })
}

test('files are named as BIND names them', () => {
  const zone = dnsName('clamav.example')
  assert.equal(keyFileName(zone, 2642), 'Kclamav.example.+013+02642.private')
  assert.ok(isKeyFileName(keyFileName(zone, 2642), zone))
  assert.ok(!isKeyFileName('Kother.example.+013+02642.private', zone))
})
