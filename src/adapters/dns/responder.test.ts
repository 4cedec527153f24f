import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseIpPrefix } from '#base/ip-address.ts'
import { overrideTable } from '#core/places/index.ts'
import { answerQuestion, NOWHERE } from '#core/zone/index.ts'
import {
  CLASS,
  type DnsMessage,
  dnsName,
  EDNS_OPTION,
  type EdnsOption,
  printClientSubnet,
  RCODE,
  TYPE,
} from '#formats/dns-message/index.ts'
import { aMirror } from '../../../test/support/candidates.ts'
import { decoded, plain, query } from '../../../test/support/dns-client.ts'
import { NOW_MS, PEER, respond } from '../../../test/support/responder.ts'
import { addresses, aSetup, aSnapshot, NOW } from '../../../test/support/zone.ts'
import { aZoneKey } from '../../../test/support/zone-keys.ts'
import { Responder, type ResponderSetup, TCP_BYTES_MAX } from './index.ts'

function answerOf(message: Buffer, setup: Partial<ResponderSetup> = {}): DnsMessage {
  return decoded(respond(new Responder(aSetup(setup)), message))
}

const NAMES = [
  ...[
    'clamav.example',
    'database.clamav.example',
    'db.europe.clamav.example',
    'db.de.clamav.example',
  ],
  ...[
    'db.local.clamav.example',
    'db.x.clamav.example',
    'rsync.clamav.example',
    'cvd.clamav.example',
  ],
  ...[
    'current.cvd.clamav.example',
    'daily.cvd.clamav.example',
    'm1.clamav.example',
    'no.clamav.example',
  ],
  ...['a.b.c.clamav.example', 'europe.clamav.example', 'example', 'www.example.org'],
]
const TYPES = [
  'A',
  'AAAA',
  'TXT',
  'NS',
  'SOA',
  'CNAME',
  'CAA',
  'MX',
  'ANY',
  'NSEC',
  'DNSKEY',
] as const

test('law: what is prepared is what the decision says, for every name, type and turn', () => {
  const snapshot = aSnapshot()
  const responder = new Responder(aSetup({ snapshot }))
  for (const name of NAMES) {
    for (const type of TYPES) {
      const question = { name: dnsName(name), type: TYPE[type], class: CLASS.IN }
      const turns = Array.from({ length: 20 }, (_, turn) =>
        answerQuestion(snapshot, question, NOWHERE, turn, NOW),
      )
      const wanted = turns.map(({ answer }) => JSON.stringify(plain(answer)))
      const [first] = turns
      let before = -1
      for (let time = 0; time < 3; time += 1) {
        const given = decoded(respond(responder, query(name, type)))
        assert.equal(given.rcode, first?.rcode, `${name} ${type}`)
        assert.equal(given.authoritative, first?.authoritative)
        assert.deepEqual(plain(given.authority), plain(first?.authority))
        assert.deepEqual(plain(given.additional), plain(first?.additional))
        const text = JSON.stringify(plain(given.answer))
        const at = wanted.indexOf(text)
        assert.ok(at >= 0, `${name} ${type}: ${text}`)
        const isKept = before >= 0 && name !== 'db.x.clamav.example'
        if (isKept) assert.equal(text, wanted[before + 1], 'the next turn comes next')
        before = at
      }
    }
  }
})

test('R25: turns stay even though the zone changes, and for names that are not kept', () => {
  for (const name of ['db.test.clamav.example', 'db.x.clamav.example']) {
    const responder = new Responder(aSetup())
    const first = new Map<string, number>()
    for (let time = 0; time < 2000; time += 1) {
      if (time % 3 === 0) responder.answerFrom(aSnapshot())
      const [record] = decoded(respond(responder, query(name, 'A'))).answer
      const key = JSON.stringify(plain(record))
      first.set(key, (first.get(key) ?? 0) + 1)
    }
    assert.equal(first.size, 10)
    for (const count of first.values()) assert.ok(count > 120 && count < 300, `${name} ${count}`)
  }
})

test('law: no packet makes it throw, grow beyond the limit, or lose its id', () => {
  const keys = [aZoneKey(1, { published: NOW, activated: NOW })]
  const responders = [
    new Responder(aSetup()),
    new Responder(aSetup({ clientSubnet: true, rateLimit: { perSecond: 5, slip: 2 } })),
    new Responder(aSetup({ clientSubnet: true, dnssec: { keys, signaturesPerSecond: 1000 } })),
  ]
  const change = fc.array(fc.tuple(fc.nat({ max: 90 }), fc.nat({ max: 255 })), { maxLength: 5 })
  const option = fc.record({
    code: fc.constantFrom(EDNS_OPTION.COOKIE, EDNS_OPTION.CLIENT_SUBNET, 3, 65_001),
    bytes: fc.uint8Array({ maxLength: 44 }),
  })
  const edns = fc.record({
    udpBytes: fc.nat({ max: 65_535 }),
    version: fc.constantFrom(0, 0, 0, 1),
    dnssecOk: fc.boolean(),
    options: fc.array(option, { maxLength: 3 }),
  })
  const name = fc.constantFrom(...NAMES)
  const type = fc.constantFrom(...TYPES)
  fc.assert(
    fc.property(
      name,
      type,
      fc.option(edns, { nil: undefined }),
      change,
      (name, type, edns, changes) => {
        const message = query(name, type, edns)
        for (const [at, byte] of changes) message[at % message.byteLength] = byte
        for (const responder of responders) {
          checkAnswer(message, respond(responder, message), 1232)
          checkAnswer(message, respond(responder, message, { transport: 'tcp' }), TCP_BYTES_MAX)
        }
      },
    ),
    { numRuns: 3000 },
  )
})

function checkAnswer(message: Buffer, answer: Buffer | undefined, bytesMax: number): void {
  if (answer === undefined) return
  assert.ok(answer.byteLength <= bytesMax)
  assert.equal(answer.readUInt16BE(0), message.readUInt16BE(0))
  assert.equal((answer[2] ?? 0) & 0x80, 0x80)
  if ((answer[3] ?? 0) % 16 !== RCODE.FORMERR) decoded(answer)
}

test('names that nobody has do not fill the memory', () => {
  const responder = new Responder(aSetup())
  for (let number = 0; number < 500; number += 1) {
    respond(responder, query(`n${number}.clamav.example`, 'A'))
    respond(responder, query(`db.n${number}.clamav.example`, 'A'))
  }
  assert.equal(responder.preparedNames, 0)
  respond(responder, query('clamav.example', 'SOA'))
  assert.equal(responder.preparedNames, 1)
})

test('names that a stranger makes up share one prepared answer, and take turns in it', () => {
  const responder = new Responder(aSetup())
  const firsts = Array.from({ length: 10 }, (_, number) => {
    const asked = query(`db.made-up-${number}.clamav.example`, 'A')
    const [first] = decoded(respond(responder, asked)).answer
    assert.equal(first?.name, `db.made-up-${number}.clamav.example`)
    return JSON.stringify(plain(first?.data))
  })
  assert.equal(new Set(firsts).size, 10, 'each of the ten mirrors comes first once')
})

const MANY = aSnapshot({
  nameServers: Array.from({ length: 60 }, (_, at) => ({
    name: `ns${at}`,
    addresses: addresses(`203.0.113.${at}`),
  })),
})

test('what does not fit is cut with TC: 512 bytes without EDNS, ours or theirs with it, all by TCP', () => {
  const responder = new Responder(aSetup({ snapshot: MANY }))
  const plainQuery = query('clamav.example', 'NS')
  const cut = decoded(respond(responder, plainQuery))
  assert.equal(cut.truncated, true)
  assert.deepEqual(cut.answer, [])
  const edns = query('clamav.example', 'NS', { udpBytes: 4096 })
  assert.equal(decoded(respond(responder, edns)).answer.length, 60)
  assert.equal(decoded(respond(responder, edns)).additional.length, 0, 'addresses go first')
  const small = query('clamav.example', 'NS', { udpBytes: 100 })
  assert.equal(decoded(respond(responder, small)).truncated, true)
  assert.equal(decoded(respond(responder, plainQuery, { transport: 'tcp' })).answer.length, 60)
})

test('addresses of mirrors are never cut: as many as fit are given', () => {
  const { policy } = aSnapshot()
  const mirrors = Array.from({ length: 30 }, (_, at) => aMirror(`m${at + 1}`, 'DE'))
  const snapshot = aSnapshot({ mirrors, policy: { ...policy, addressesMax: 13 } })
  const long = `db.${'x'.repeat(63)}.clamav.example`
  const answer = answerOf(query(long, 'AAAA'), { snapshot })
  assert.equal(answer.truncated, false)
  assert.equal(answer.answer.length, 13)
})

test('EDNS is answered with EDNS and our size, other versions with BADVERS', () => {
  const answer = answerOf(query('clamav.example', 'SOA', { udpBytes: 4096, dnssecOk: true }))
  assert.equal(answer.edns?.udpBytes, 1232)
  assert.equal(answer.edns?.dnssecOk, true)
  assert.equal(answerOf(query('clamav.example', 'SOA')).edns, undefined)
  const future = answerOf(query('clamav.example', 'SOA', { version: 1 }))
  assert.equal(future.rcode, RCODE.BADVERS)
  assert.equal(future.edns?.version, 0)
})

test('transfers are refused, updates and notifies are not implemented', () => {
  assert.equal(answerOf(query('clamav.example', 'AXFR')).rcode, RCODE.REFUSED)
  const update = query('clamav.example', 'SOA')
  update[2] = 5 << 3
  const answer = respond(new Responder(aSetup()), update)
  assert.equal((answer?.[3] ?? 0) & 15, RCODE.NOTIMP)
  assert.equal((answer?.[2] ?? 0) & 0x78, 5 << 3)
})

const EUROPE = overrideTable(
  [
    ['203.0.113.0/24', 'DE'],
    ['198.51.100.0/24', 'US'],
  ].flatMap(([text = '', country = '']) => {
    const prefix = parseIpPrefix(text)
    return prefix === undefined ? [] : [{ prefix, country }]
  }),
)
const subnet = (text: string, sourceBits: number): EdnsOption =>
  printClientSubnet({ address: addresses(text)[0] ?? PEER, sourceBits, scopeBits: 0 })

function targetOf(answer: DnsMessage): string | undefined {
  const [first] = answer.answer
  return first?.data.kind === 'cname' ? first.data.target : undefined
}

test('RFC 7871: a client subnet decides where it is believed, and its scope comes back', () => {
  const message = query('database.clamav.example', 'A', { options: [subnet('203.0.113.0', 24)] })
  const believed = answerOf(message, { clientSubnet: true, overrides: EUROPE })
  assert.equal(targetOf(believed), 'db.europe.clamav.example')
  assert.deepEqual(
    Buffer.from(believed.edns?.options[0]?.bytes ?? []),
    Buffer.of(0, 1, 24, 24, 203, 0, 113),
  )
  const ignored = answerOf(message, { overrides: EUROPE })
  assert.equal(targetOf(ignored), 'db.america.clamav.example')
  assert.deepEqual(ignored.edns?.options, [])
  const same = query('current.cvd.clamav.example', 'TXT', { options: [subnet('203.0.113.0', 24)] })
  const forAll = answerOf(same, { clientSubnet: true, overrides: EUROPE })
  assert.equal(forAll.edns?.options[0]?.bytes[3], 0)
  const hidden = query('database.clamav.example', 'A', { options: [subnet('0.0.0.0', 0)] })
  const own = answerOf(hidden, { clientSubnet: true, overrides: EUROPE })
  assert.equal(targetOf(own), 'db.america.clamav.example')
  const bytes = Uint8Array.of(0, 1, 24, 0, 203, 0, 113, 1)
  const broken = query('clamav.example', 'SOA', {
    options: [{ code: EDNS_OPTION.CLIENT_SUBNET, bytes }],
  })
  assert.equal(answerOf(broken, { clientSubnet: true }).rcode, RCODE.FORMERR)
})

test('the update record moves with the clock though it is prepared', () => {
  const responder = new Responder(aSetup())
  const textAt = (nowMs: number) => {
    const answer = decoded(
      respond(responder, query('current.cvd.clamav.example', 'TXT'), { nowMs }),
    )
    const [record] = answer.answer
    return record?.data.kind === 'txt' ? Buffer.from(record.data.strings[0] ?? []).toString() : ''
  }
  const first = textAt(NOW_MS)
  assert.equal(textAt(NOW_MS + 1000), first)
  assert.notEqual(textAt(NOW_MS + 300_000), first)
  textAt(NOW_MS + 365 * 86_400_000)
  assert.equal(textAt(NOW_MS), first, 'a clock that was put back')
})
