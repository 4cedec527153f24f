import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import type { ZoneKey } from '#core/dnssec/index.ts'
import {
  CLASS,
  type DnsMessage,
  dnsName,
  EDNS_FLAG,
  type Edns,
  nameToWire,
  printMessage,
  QUERY,
  RCODE,
  type ResourceRecord,
  TYPE,
  typeOf,
} from '#formats/dns-message/index.ts'
import { aMirror } from '../../../test/support/candidates.ts'
import { decoded, plain, query } from '../../../test/support/dns-client.ts'
import { NOW_MS, respond } from '../../../test/support/responder.ts'
import { assertSigned, nsecIn, readRrsig } from '../../../test/support/validator.ts'
import { aSetup, aSnapshot, NOW } from '../../../test/support/zone.ts'
import { aZoneKey } from '../../../test/support/zone-keys.ts'
import { Responder, type ResponderSetup } from './index.ts'

const ACTIVE = aZoneKey(1, { published: NOW, activated: NOW })
const STANDBY = aZoneKey(2, { published: NOW })

function signing(keys: readonly ZoneKey[], more: Partial<ResponderSetup> = {}): Responder {
  const dnssec = { keys, signaturesPerSecond: 2000 }
  return new Responder(aSetup({ dnssec, ...more }))
}

function asked(
  responder: Responder,
  name: string,
  type: number,
  options: {
    readonly nowMs?: number
    readonly transport?: 'udp' | 'tcp'
    readonly co?: boolean
  } = {},
): DnsMessage {
  const { co = false, ...how } = options
  const questions = [{ name: dnsName(name), type, class: CLASS.IN }]
  const edns: Edns = { udpBytes: 1232, version: 0, dnssecOk: true, extendedRcode: 0, options: [] }
  const message = Buffer.from(printMessage({ ...QUERY, id: 7, questions, edns }))
  if (co) message.writeUInt16BE(EDNS_FLAG.DO | EDNS_FLAG.CO, message.byteLength - 4)
  return decoded(respond(responder, message, how))
}

const typesOf = (records: readonly ResourceRecord[]) => records.map(({ data }) => typeOf(data))

const KNOWN = [
  ...['clamav.example', 'database.clamav.example', 'db.europe.clamav.example'],
  ...['db.de.clamav.example', 'db.local.clamav.example', 'db.x.clamav.example'],
  ...['rsync.clamav.example', 'rsync1.clamav.example', 'cvd.clamav.example', 'm1.clamav.example'],
  ...['current.cvd.clamav.example', 'acme.cvd.clamav.example', 'europe.clamav.example'],
  ...[
    'nobody.clamav.example',
    'a.b.c.clamav.example',
    '*.clamav.example',
    '\\000\\255.clamav.example',
  ],
]
const TYPES = [
  ...[TYPE.A, TYPE.AAAA, TYPE.TXT, TYPE.NS, TYPE.SOA, TYPE.CNAME, TYPE.CAA, TYPE.MX, TYPE.DS],
  ...[TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY, TYPE.NSEC, TYPE.ANY, 65, 1234],
]

test('law: whatever is asked, every set is signed, and what is not there is denied truly', () => {
  const label = fc.oneof(
    fc.constantFrom('db', 'cvd', 'current', 'x'),
    fc.stringMatching(/^[a-z0-9_*-]{1,63}$/),
  )
  const made = fc
    .array(label, { minLength: 1, maxLength: 3 })
    .map((labels) => [...labels, 'clamav.example'].join('.'))
  const name = fc.oneof(fc.constantFrom(...KNOWN), made)
  const responder = signing([ACTIVE, STANDBY])
  const seen = new Map<string, Set<number>>()
  const denied = new Map<string, readonly number[]>()
  fc.assert(
    fc.property(name, fc.constantFrom(...TYPES), (one, type) => {
      const answer = asked(responder, one, type, { transport: 'tcp' })
      assert.equal(answer.authenticData, false)
      assert.equal(answer.edns?.dnssecOk, true)
      assert.equal(answer.truncated, false)
      assert.equal(answer.rcode, RCODE.NOERROR)
      const keys = [ACTIVE.publicKey, STANDBY.publicKey]
      const of = ({ data }: ResourceRecord) =>
        [TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY].includes(typeOf(data) as never)
      for (const section of [answer.answer, answer.authority, answer.additional]) {
        const signatures = assertSigned(section, section.some(of) ? keys : keys.slice(0, 1), NOW)
        assert.ok(signatures.every(({ signer }) => signer === 'clamav.example'))
      }
      for (const { name: owner, data } of answer.answer) {
        seen.set(owner, (seen.get(owner) ?? new Set()).add(typeOf(data)))
      }
      const nsec = nsecIn(answer)
      if (type === TYPE.NSEC) assert.ok(nsec)
      const has = answer.answer.some(({ data }) => typeOf(data) === type)
      if (has || type === TYPE.ANY) return
      assert.ok(nsec, `${one} ${type} is denied`)
      denied.set(nsec.owner, nsec.types)
      assert.ok(!nsec.types.includes(type))
      const next = Buffer.concat([Buffer.of(1, 0), nameToWire(dnsName(nsec.owner))])
      if (next.byteLength <= 255) assert.deepEqual(Buffer.from(nsec.next), next)
    }),
    { numRuns: 2500 },
  )
  // No denial leaves out a type that somebody was answered.
  for (const [owner, types] of denied) {
    const really = [...(seen.get(owner) ?? [])].filter((type) => type !== 13)
    for (const type of really) assert.ok(types.includes(type), `${owner} has type ${type}`)
  }
  assert.ok(denied.size > 20)
})

test('RFC 9824: a name that is not there has NXNAME alone, and NXDOMAIN for who takes it', () => {
  const responder = signing([ACTIVE])
  const answer = asked(responder, 'nobody.cvd.clamav.example', TYPE.A)
  assert.equal(answer.rcode, RCODE.NOERROR)
  assert.deepEqual(nsecIn(answer)?.types, [TYPE.RRSIG, TYPE.NSEC, TYPE.NXNAME])
  assert.deepEqual(typesOf(answer.authority), [TYPE.SOA, TYPE.RRSIG, TYPE.NSEC, TYPE.RRSIG])
  const compact = asked(responder, 'nobody.cvd.clamav.example', TYPE.A, { co: true })
  assert.equal(compact.rcode, RCODE.NXDOMAIN)
  assert.deepEqual(nsecIn(compact)?.types, [TYPE.RRSIG, TYPE.NSEC, TYPE.NXNAME])
  assert.equal(asked(responder, 'x.clamav.example', TYPE.NXNAME).rcode, RCODE.FORMERR)
  assert.equal(
    decoded(respond(responder, query('x.clamav.example', 'NXNAME'))).rcode,
    RCODE.FORMERR,
  )
})

const BITMAPS: readonly (readonly [string, readonly number[]])[] = [
  ['clamav.example', [TYPE.NS, TYPE.SOA, TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY, TYPE.CAA]],
  ['database.clamav.example', [TYPE.CNAME]],
  ['db.de.clamav.example', [TYPE.A, TYPE.AAAA]],
  ['db.anything.clamav.example', [TYPE.A, TYPE.AAAA]],
  ['rsync2.clamav.example', [TYPE.A]],
  ['rsync1.clamav.example', [TYPE.A, TYPE.AAAA]],
  ['current.cvd.clamav.example', [TYPE.TXT]],
  ['cvd.clamav.example', []],
  ['europe.clamav.example', []],
]
for (const [name, types] of BITMAPS) {
  test(`the NSEC of ${name} has what there is`, () => {
    const answer = asked(signing([ACTIVE]), name, TYPE.NSEC)
    const expected = [...types, TYPE.RRSIG, TYPE.NSEC].toSorted((a, b) => a - b)
    assert.deepEqual(nsecIn(answer)?.types, expected)
  })
}

test('a chain is two sets, and what its end has not is denied at its end', () => {
  const responder = signing([ACTIVE])
  const { answer } = asked(responder, 'database.clamav.example', TYPE.A)
  assert.deepEqual(
    [...new Set(answer.filter(({ data }) => typeOf(data) === TYPE.RRSIG).map(({ name }) => name))],
    ['database.clamav.example', 'db.other.clamav.example'],
  )
  const none = asked(responder, 'database.clamav.example', TYPE.MX)
  assert.deepEqual(typesOf(none.answer), [TYPE.CNAME, TYPE.RRSIG])
  assert.equal(nsecIn(none)?.owner, 'db.other.clamav.example')
})

test('without DO the answers are those of an unsigned zone, and the keys are told to everybody', () => {
  const [signed, unsigned] = [signing([ACTIVE]), new Responder(aSetup())]
  for (const name of KNOWN) {
    for (const type of ['A', 'TXT', 'NS', 'SOA', 'MX', 'ANY', 'NSEC', 'RRSIG'] as const) {
      const message = query(name, type, { dnssecOk: false })
      const [one, other] = [signed, unsigned].map((responder) => respond(responder, message))
      assert.deepEqual(one, other, `${name} ${type}`)
    }
  }
  const keys = decoded(respond(signed, query('clamav.example', 'DNSKEY')))
  assert.deepEqual(typesOf(keys.answer), [TYPE.DNSKEY])
  const elsewhere = decoded(respond(signed, query('m1.clamav.example', 'DNSKEY')))
  assert.deepEqual(typesOf(elsewhere.authority), [TYPE.SOA])
})

test('what is not our zone is not signed', () => {
  const { policy } = aSnapshot()
  const snapshot = aSnapshot({ policy: { ...policy, overrideClamavNet: true } })
  const responder = signing([ACTIVE], { snapshot })
  assert.deepEqual(typesOf(asked(responder, 'daily.cvd.clamav.net', TYPE.TXT).answer), [TYPE.TXT])
  assert.deepEqual(typesOf(asked(responder, 'no.cvd.clamav.net', TYPE.TXT).authority), [TYPE.SOA])
  assert.equal(asked(responder, 'no.cvd.clamav.net', TYPE.TXT).rcode, RCODE.NXDOMAIN)
  assert.deepEqual(typesOf(asked(responder, 'cvd.clamav.net', TYPE.DNSKEY).answer), [])
  assert.equal(asked(responder, 'www.example.org', TYPE.A).rcode, RCODE.REFUSED)
})

test('keys are signed by every published key, all else by the active one; times move the states', () => {
  const planned = aZoneKey(3, { published: NOW, activated: epochSeconds(NOW + 60) })
  const old = aZoneKey(1, { published: NOW, activated: NOW, retired: epochSeconds(NOW + 60) })
  const responder = signing([old, planned])
  const tags = (type: number, nowMs: number) =>
    asked(responder, 'clamav.example', type, { nowMs })
      .answer.filter(({ data }) => typeOf(data) === TYPE.RRSIG)
      .map((record) => readRrsig(record).tag)
      .toSorted((a, b) => a - b)
  const both = [old.tag, planned.tag].toSorted((a, b) => a - b)
  assert.deepEqual(tags(TYPE.DNSKEY, NOW_MS), both)
  assert.deepEqual(tags(TYPE.SOA, NOW_MS), [old.tag])
  assert.deepEqual(tags(TYPE.SOA, NOW_MS + 60_000), [planned.tag])
  assert.deepEqual(tags(TYPE.DNSKEY, NOW_MS + 60_000), both)
  responder.signWith([STANDBY, ACTIVE])
  assert.deepEqual(tags(TYPE.SOA, NOW_MS), [ACTIVE.tag])
})

test('a set is signed once, whoever asks and however often the zone around it changes', () => {
  const responder = signing([ACTIVE])
  const made = () => responder.counters.signatures
  asked(responder, 'current.cvd.clamav.example', TYPE.TXT)
  assert.equal(made(), 1)
  for (let serial = 43; serial < 60; serial += 1) {
    responder.answerFrom(aSnapshot({ serial }))
    asked(responder, 'current.cvd.clamav.example', TYPE.TXT)
  }
  assert.equal(made(), 1)
  const day = 86_400_000
  const end = responder.countersAt(NOW_MS).signaturesUntil
  assert.equal(end, NOW + 7 * 86_400)
  asked(responder, 'clamav.example', TYPE.NS, { nowMs: NOW_MS + day })
  const { answer } = asked(responder, 'clamav.example', TYPE.NS, { nowMs: NOW_MS + 2.5 * day })
  const [, , signature] = answer
  assert.ok(signature && readRrsig(signature).until > NOW + 7 * 86_400, 'not yet renewed')
  const later = asked(responder, 'clamav.example', TYPE.NS, { nowMs: NOW_MS + 3 * day })
  assertSigned(later.answer, [ACTIVE.publicKey], NOW + 3 * 86_400)
  assert.equal(responder.countersAt(NOW_MS + 3 * day).signaturesUntil, NOW + 10 * 86_400)
})

test('strangers’ names cost a budget, fill no memory, and leave the zone’s own names their share', () => {
  const responder = new Responder(aSetup({ dnssec: { keys: [ACTIVE], signaturesPerSecond: 100 } }))
  const results = Array.from({ length: 200 }, (_, at) =>
    asked(responder, `n${at}.clamav.example`, TYPE.A),
  )
  const given = results.filter(({ truncated }) => !truncated)
  assert.ok(given.length > 60 && given.length < 80, `${given.length}`)
  const cut = results.at(-1)
  assert.deepEqual([cut?.truncated, cut?.rcode, cut?.answer.length], [true, RCODE.NOERROR, 0])
  assert.equal(responder.counters.signingLimited, 200 - given.length)
  const own = asked(responder, 'current.cvd.clamav.example', TYPE.TXT)
  assertSigned(own.answer, [ACTIVE.publicKey], NOW)
  const tcp = asked(responder, 'more.clamav.example', TYPE.A, { transport: 'tcp' })
  assert.equal(tcp.rcode, RCODE.SERVFAIL)
  for (let second = 1; second < 120; second += 1) {
    for (let at = 0; at < 80; at += 1) {
      asked(responder, `n${at}s${second}.clamav.example`, TYPE.A, { nowMs: NOW_MS + second * 1000 })
    }
  }
  assert.ok(responder.signaturesKept <= 4096 + 20, `${responder.signaturesKept}`)
})

/** How often each address came first, over `minutes` of 20 questions a second. */
function firsts(responder: Responder, name: string, minutes: number): ReadonlyMap<string, number> {
  const first = new Map<string, number>()
  for (let time = 0; time < minutes * 60 * 20; time += 1) {
    const [record] = asked(responder, name, TYPE.A, { nowMs: NOW_MS + time * 50 }).answer
    const key = JSON.stringify(plain(record))
    first.set(key, (first.get(key) ?? 0) + 1)
  }
  return first
}

test('R25: signed turns are fair in a pool with more turns than are kept, and cost few signatures', () => {
  const mirrors = Array.from({ length: 100 }, (_, at) => aMirror(`m${at + 1}`, 'DE'))
  const responder = signing([ACTIVE], { snapshot: aSnapshot({ mirrors }) })
  const first = firsts(responder, 'db.de.clamav.example', 5)
  assert.equal(first.size, 100)
  for (const count of first.values()) assert.ok(count > 35 && count < 90, `${count}`)
  assert.ok(responder.counters.signatures <= 5 * 30 * 32)
})

test('R25: in a small pool each comes first as often as any other, and one set is signed once', () => {
  const responder = signing([ACTIVE])
  const first = firsts(responder, 'db.de.clamav.example', 0.5)
  const counts = [...first.values()]
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join())
  assert.equal(responder.counters.signatures, 1)
})

test('a set that does not fit is cut as a whole, and comes by TCP', () => {
  const mirrors = Array.from({ length: 13 }, (_, at) => aMirror(`m${at + 1}`, 'DE'))
  const { policy } = aSnapshot()
  const snapshot = aSnapshot({ mirrors, policy: { ...policy, addressesMax: 13 } })
  const responder = signing([ACTIVE], { snapshot })
  const name = 'db.de.clamav.example'
  const message = query(name, 'AAAA', { dnssecOk: true, udpBytes: 512 })
  assert.equal(decoded(respond(responder, message)).truncated, true)
  const all = decoded(respond(responder, message, { transport: 'tcp' }))
  assert.equal(all.answer.length, 14)
  assertSigned(all.answer, [ACTIVE.publicKey], NOW)
})
