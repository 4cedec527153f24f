import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printIpAddress } from '#base/ip-address.ts'
import { epochSeconds } from '#base/time.ts'
import {
  CLASS,
  dnsName,
  printMessage,
  QUERY,
  RCODE,
  type ResourceRecord,
  TYPE,
  typeName,
  typeOf,
} from '#formats/dns-message/index.ts'
import { isRecordFresh, parseUpdateRecord } from '#formats/update-record/index.ts'
import { aMirror, anAddress, down } from '../../../test/support/candidates.ts'
import { aSnapshot, NOW } from '../../../test/support/zone.ts'
import { describeLeftOut, regionOf } from '../selection/index.ts'
import { type ClientPlace, NOWHERE, reasonAbout, type ZoneSnapshot, ZoneView } from './index.ts'

const place = (country: string): ClientPlace => ({
  country,
  region: regionOf(country) ?? 'other',
})

function ask(
  name: string,
  type: keyof typeof TYPE | number,
  options: {
    snapshot?: ZoneSnapshot
    client?: ClientPlace
    turn?: number
    now?: number
    class?: number
  } = {},
) {
  const question = {
    name: dnsName(name),
    type: typeof type === 'number' ? type : TYPE[type],
    class: options.class ?? CLASS.IN,
  }
  const { snapshot = aSnapshot(), client = NOWHERE, turn = 0, now = NOW } = options
  return reasonAbout(snapshot, question, client, turn, epochSeconds(now))
}

/** `m1` for a mirror's address, so that a table reads. */
function show(record: ResourceRecord): string {
  const { data } = record
  const type = typeName(typeOf(data))
  switch (data.kind) {
    case 'address':
      return `${type} ${printIpAddress(data.bytes)}`
    case 'cname':
    case 'ns':
      return `${type} ${data.target}`
    case 'txt':
      return `${type} ${data.strings.map((one) => Buffer.from(one).toString('latin1')).join('|')}`
    case 'soa':
      return `${type} ${data.primary} ${data.serial}`
    case 'caa':
      return `${type} ${data.tag} ${data.value}`
    case 'other':
      return type
  }
}

const RECORD_AT = NOW - (NOW % 300)
const ANSWERS: readonly (readonly [
  string,
  keyof typeof TYPE | number,
  string,
  readonly string[],
])[] = [
  // R66–R69: the masters, round robin and each by its own name.
  ['rsync.clamav.example', 'A', 'ZZ', ['A 192.0.2.101', 'A 198.51.100.102']],
  ['rsync.clamav.example', 'AAAA', 'ZZ', ['AAAA 2001:db8::101']],
  ['rsync2.clamav.example', 'A', 'ZZ', ['A 198.51.100.102']],
  ['ns1.clamav.example', 'AAAA', 'ZZ', ['AAAA 2001:db8::53']],
  ['m3.clamav.example', 'A', 'ZZ', ['A 192.0.0.3']],
  ['clamav.example', 'SOA', 'ZZ', ['SOA ns1.clamav.example 42']],
  ['clamav.example', 'NS', 'ZZ', ['NS ns1.clamav.example', 'NS ns2.clamav.example']],
  ['clamav.example', 'CAA', 'ZZ', ['CAA issue ca.example']],
  // The record that clients ask for first (formats.md 5.3).
  ['current.cvd.clamav.example', 'TXT', 'ZZ', [`TXT 1.4.6:63:27100:${RECORD_AT}:0:90:49192:339`]],
  ['daily.cvd.clamav.example', 'TXT', 'ZZ', [`TXT 27100:${RECORD_AT}`]],
  ['acme.cvd.clamav.example', 'TXT', 'ZZ', [`TXT 5:${RECORD_AT}`]],
  // R28–R31: one CNAME by the client's address, with addresses near the client behind it.
  ['database.clamav.example', 'CNAME', 'DE', ['CNAME db.europe.clamav.example']],
  [
    'database.clamav.example',
    'A',
    'US',
    ['CNAME db.america.clamav.example', 'A 192.0.0.7', 'A 192.0.0.8', 'A 192.0.0.6'],
  ],
  ['database.clamav.example', 'TXT', 'JP', ['CNAME db.asia.clamav.example']],
  ['db.asia.clamav.example', 'A', 'DE', ['A 192.0.0.9', 'A 192.0.0.10']],
  ['db.local.clamav.example', 'A', 'SG', ['A 192.0.0.9', 'A 192.0.0.10']],
  ['db.jp.clamav.example', 'AAAA', 'ZZ', ['AAAA 2001:db8::9', 'AAAA 2001:db8::a']],
]
for (const [name, type, country, expected] of ANSWERS) {
  test(`${name} ${type} asked from ${country} is answered`, () => {
    const answer = ask(name, type, { client: place(country) })
    assert.equal(answer.rcode, RCODE.NOERROR)
    assert.equal(answer.authoritative, true)
    assert.deepEqual(answer.answer.map(show).toSorted(), expected.toSorted())
  })
}

const NEGATIVE: readonly (readonly [string, keyof typeof TYPE | number, number])[] = [
  ['clamav.example', 'A', RCODE.NOERROR],
  ['cvd.clamav.example', 'TXT', RCODE.NOERROR],
  ['current.cvd.clamav.example', 'A', RCODE.NOERROR],
  ['db.test.clamav.example', 'MX', RCODE.NOERROR],
  ['database.clamav.example', 'TXT', RCODE.NOERROR],
  ['ns2.clamav.example', 'AAAA', RCODE.NOERROR],
  ['m1.clamav.example', 65, RCODE.NOERROR],
  // `db.europe` is below it: RFC 8020 would hide what is below a name that is not there.
  ['europe.clamav.example', 'A', RCODE.NOERROR],
  ['de.clamav.example', 'NS', RCODE.NOERROR],
  ['local.clamav.example', 'A', RCODE.NOERROR],
  // So is `db.whatever`, which everybody answers.
  ['whatever.clamav.example', 'A', RCODE.NOERROR],
  ['nothing.cvd.clamav.example', 'TXT', RCODE.NXDOMAIN],
  ['a.db.europe.clamav.example', 'A', RCODE.NXDOMAIN],
  ['database.europe.clamav.example', 'A', RCODE.NXDOMAIN],
  ['db.\\000.clamav.example', 'A', RCODE.NXDOMAIN],
  ['*.clamav.example', 'A', RCODE.NXDOMAIN],
]
for (const [name, type, rcode] of NEGATIVE) {
  test(`${name} ${type} is ${rcode === RCODE.NXDOMAIN ? 'no such name' : 'no such type'}, with the SOA`, () => {
    const answer = ask(name, type)
    assert.equal(answer.rcode, rcode)
    assert.deepEqual(answer.authority.map(show), ['SOA ns1.clamav.example 42'])
    assert.equal(answer.authority[0]?.ttl, 60)
    assert.ok(answer.answer.every(({ data }) => data.kind === 'cname'))
  })
}

test('outside of the zone, and in other classes, everything is refused', () => {
  for (const name of ['', 'example', 'example.org', 'xclamav.example', 'current.cvd.clamav.net']) {
    const answer = ask(name, 'A')
    assert.equal(answer.rcode, RCODE.REFUSED, name)
    assert.equal(answer.authoritative, false)
    assert.deepEqual([...answer.answer, ...answer.authority], [])
  }
  assert.equal(ask('version.bind', 'TXT', { class: CLASS.CH }).rcode, RCODE.REFUSED)
  assert.equal(ask('clamav.example', 'SOA', { class: CLASS.CH }).rcode, RCODE.REFUSED)
})

test('ANY is answered small (RFC 8482), and not where there is nothing', () => {
  const answer = ask('clamav.example', 'ANY')
  assert.deepEqual(answer.answer.map(show), ['TYPE13'])
  assert.equal(ask('nothing.cvd.clamav.example', 'ANY').rcode, RCODE.NXDOMAIN)
})

test('names that somebody made up are not worth keeping, those above them neither', () => {
  const view = new ZoneView(aSnapshot())
  const isKept = (label: string): boolean => {
    const question = { name: dnsName(`${label}.clamav.example`), type: TYPE.A, class: CLASS.IN }
    return view.answer(question, NOWHERE, epochSeconds(NOW)).worthKeeping
  }
  for (const label of ['db.whatever', 'whatever', 'nothing.cvd']) assert.ok(!isKept(label), label)
  for (const label of ['db.de', 'de', 'db.test', 'test', 'cvd']) assert.ok(isKept(label), label)
})

test('any db.* is answered by everybody', () => {
  const answer = ask('db.whatever.clamav.example', 'A')
  assert.equal(answer.answer.length, 8)
  assert.equal(answer.choice?.by, 'world')
  assert.equal(answer.choice?.leftOut.filter(({ why }) => why.kind === 'not-its-turn').length, 2)
})

test('R25: over one turn of the wheel every mirror comes first equally often', () => {
  const first = new Map<string, number>()
  for (let turn = 0; turn < 100; turn += 1) {
    const [record] = ask('db.test.clamav.example', 'A', { turn }).answer.map(show)
    first.set(record ?? '', (first.get(record ?? '') ?? 0) + 1)
  }
  assert.deepEqual([...first.values()], Array(10).fill(10))
})

test('eight addresses of each family fit into 512 bytes', () => {
  const name = 'database.clamav.example'
  const mirrors = Array.from({ length: 20 }, (_, at) => aMirror(`m${at + 1}`, 'DE'))
  const snapshot = aSnapshot({ mirrors })
  for (const type of ['A', 'AAAA'] as const) {
    const { answer } = ask(name, type, { client: place('DE'), snapshot })
    assert.equal(answer.length, 9)
    const questions = [{ name: dnsName(name), type: TYPE[type], class: CLASS.IN }]
    const message = { ...QUERY, id: 1, response: true, questions, answer }
    assert.ok(printMessage(message).byteLength <= 512)
  }
})

test('R27: a mirror that is down is in no answer, and explain says why', () => {
  const snapshot = aSnapshot({ mirrors: [aMirror('m1', 'DE'), down('m2', 'DE', 'HTTP 500')] })
  const { answer, choice } = ask('db.de.clamav.example', 'A', { snapshot })
  assert.deepEqual(answer.map(show), ['A 192.0.0.1'])
  assert.deepEqual(
    choice?.leftOut.map(({ mirror, why }) => `${mirror.name} ${describeLeftOut(why)}`),
    ['m2 down: HTTP 500'],
  )
})

test('decision 5: with all mirrors down the last good set stays, briefly', () => {
  const mirrors = [down('m1', 'DE'), down('m2', 'DE'), down('m3', 'FR')]
  const snapshot = aSnapshot({ mirrors, lastGood: { ipv4: ['m2', 'm3'], ipv6: ['m2'] } })
  const a = ask('db.europe.clamav.example', 'A', { snapshot })
  assert.deepEqual(a.answer.map(show).toSorted(), ['A 192.0.0.2', 'A 192.0.0.3'])
  assert.equal(a.choice?.tier, 'last-good')
  assert.equal(a.answer[0]?.ttl, 20)
  const aaaa = ask('db.europe.clamav.example', 'AAAA', { snapshot })
  assert.deepEqual(aaaa.answer.map(show), ['AAAA 2001:db8::2'])
})

test('field-notes 1.23: where IPv6 is dead everywhere and IPv4 is not, AAAA is no such type', () => {
  const dead = { kind: 'down', reason: 'dead' } as const
  const mirrors = [
    aMirror('m1', 'DE', { addresses: [anAddress('192.0.2.1'), anAddress('2001:db8::1', dead)] }),
  ]
  const snapshot = aSnapshot({ mirrors, lastGood: { ipv4: ['m1'], ipv6: ['m1'] } })
  const aaaa = ask('db.europe.clamav.example', 'AAAA', { snapshot })
  assert.deepEqual(aaaa.answer, [])
  assert.equal(aaaa.rcode, RCODE.NOERROR)
  assert.equal(ask('db.europe.clamav.example', 'A', { snapshot }).answer.length, 1)
})

test('while a mirror wobbles its answers are kept for a short time', () => {
  const wobbling = anAddress('192.0.2.1', { kind: 'wobbling' })
  const mirrors = [aMirror('m1', 'DE', { addresses: [wobbling] }), aMirror('m2', 'JP')]
  const snapshot = aSnapshot({ mirrors })
  assert.equal(ask('db.de.clamav.example', 'A', { snapshot }).answer[0]?.ttl, 20)
  assert.equal(ask('db.asia.clamav.example', 'A', { snapshot }).answer[0]?.ttl, 120)
})

function textOf(snapshot: ZoneSnapshot, now: number): string {
  const [record] = ask('current.cvd.clamav.example', 'TXT', { snapshot, now }).answer
  assert.ok(record?.data.kind === 'txt' && record.data.strings.length === 1)
  return Buffer.from(record.data.strings[0] ?? []).toString('latin1')
}

test('the time in the record stays young through days without a release', () => {
  for (const later of [0, 299, 3600, 86_400, 3 * 86_400]) {
    const now = epochSeconds(NOW + later)
    const record = parseUpdateRecord(textOf(aSnapshot({ heardAt: now }), now))
    assert.ok(record.ok)
    assert.ok(now - record.value.createdAt <= 3600)
    assert.ok(record.value.createdAt <= now)
  }
})

test('a node that hears nothing for days lets the record age, so that clients ask mirrors', () => {
  const snapshot = aSnapshot()
  const at = (now: number) => {
    const record = parseUpdateRecord(textOf(snapshot, now))
    assert.ok(record.ok)
    return isRecordFresh(record.value.createdAt, epochSeconds(now))
  }
  assert.equal(at(NOW + 86_400), true)
  assert.equal(at(NOW + 86_400 + 43_200 + 300), false)
})

test('before anything is announced there is no record', () => {
  const answer = ask('current.cvd.clamav.example', 'TXT', {
    snapshot: aSnapshot({ announced: undefined }),
  })
  assert.equal(answer.rcode, RCODE.NOERROR)
  assert.deepEqual(answer.answer, [])
})

test('decision 17: the names that freshclam asks in clamav.net are answered only when told to', () => {
  const { policy } = aSnapshot()
  const snapshot = aSnapshot({ policy: { ...policy, overrideClamavNet: true } })
  const answer = ask('acme.cvd.clamav.net', 'TXT', { snapshot })
  assert.deepEqual(answer.answer.map(show), [`TXT 5:${RECORD_AT}`])
  assert.equal(ask('database.clamav.net', 'A', { snapshot }).rcode, RCODE.REFUSED)
  const missing = ask('nothing.cvd.clamav.net', 'TXT', { snapshot })
  assert.equal(missing.rcode, RCODE.NXDOMAIN)
  assert.equal(missing.authority[0]?.name, 'cvd.clamav.net')
})
