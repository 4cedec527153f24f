import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import { plain } from '../../../test/support/dns-client.ts'
import {
  CLASS,
  type DnsMessage,
  dnsName,
  internetRecord,
  isGoodCookie,
  makeCookie,
  nameToWire,
  parseDnsName,
  parseMessage,
  printClientSubnet,
  printMessage,
  QUERY,
  QueryReader,
  RCODE,
  type RecordData,
  readClientSubnet,
  readName,
  sipHash24,
  TYPE,
  txt,
} from './index.ts'

const label = fc.string({
  unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-_'),
  minLength: 1,
  maxLength: 12,
})
const anyName = fc.array(label, { maxLength: 6 }).map((labels) => dnsName(...labels))
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const uint16 = fc.nat({ max: 0xffff })
const uint32 = fc.nat({ max: 0xffff_ffff })
const anyData: fc.Arbitrary<RecordData> = fc.oneof(
  fc.oneof(bytes(4), bytes(16)).map((one) => ({ kind: 'address', bytes: one }) as const),
  anyName.map((target) => ({ kind: 'cname', target }) as const),
  anyName.map((target) => ({ kind: 'ns', target }) as const),
  fc
    .array(fc.uint8Array({ maxLength: 255 }), { minLength: 1, maxLength: 3 })
    .map((strings) => ({ kind: 'txt', strings }) as const),
  fc
    .tuple(anyName, anyName, fc.tuple(uint32, uint32, uint32, uint32, uint32))
    .map(([primary, mailbox, [serial, refresh, retry, expire, minimum]]) => {
      return { kind: 'soa', primary, mailbox, serial, refresh, retry, expire, minimum } as const
    }),
  fc.constant({ kind: 'caa', flags: 128, tag: 'issue', value: 'ca.example' } as const),
  fc.uint8Array().map((one) => ({ kind: 'other', type: 65_000, bytes: one }) as const),
)
const anyRecord = fc
  .tuple(anyName, uint32, anyData)
  .map(([name, ttl, data]) => internetRecord(name, ttl, data))
const anyMessage: fc.Arbitrary<DnsMessage> = fc
  .record({
    id: uint16,
    name: anyName,
    type: uint16,
    answer: fc.array(anyRecord, { maxLength: 4 }),
    authority: fc.array(anyRecord, { maxLength: 2 }),
    additional: fc.array(anyRecord, { maxLength: 2 }),
    rcode: fc.nat({ max: 0xfff }),
    udpBytes: uint16,
    flags: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  })
  .map(({ name, type, udpBytes, flags: [a = true, b = true, c = true, d = true], ...rest }) => ({
    ...QUERY,
    ...rest,
    response: a,
    authoritative: b,
    truncated: c,
    recursionDesired: d,
    questions: [{ name, type, class: CLASS.IN, wire: nameToWire(name) }],
    edns: { udpBytes, version: 0, dnssecOk: a, extendedRcode: rest.rcode >> 4, options: [] },
  }))

test('law: what prints parses back, with names compressed', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const back = parseMessage(printMessage(message))
      assert.ok(back.ok, JSON.stringify(back))
      assert.deepEqual(plain(back.value), plain(message))
    }),
  )
})

test('law: no bytes make a reader throw, and changed bytes neither', () => {
  const reader = new QueryReader()
  const change = fc.array(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 255 })), { maxLength: 4 })
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 600 }),
      anyMessage,
      change,
      (noise, message, changes) => {
        const mixed = Buffer.from(printMessage({ ...message, response: false, opcode: 0 }))
        for (const [at, byte] of changes) mixed[at % mixed.byteLength] = byte
        for (const one of [Buffer.from(noise), mixed, mixed.subarray(0, mixed.byteLength - 1)]) {
          parseMessage(one)
          reader.read(one, one.byteLength)
        }
      },
    ),
    { numRuns: 2000 },
  )
})

test('law: the two readers agree on a query', () => {
  const reader = new QueryReader()
  fc.assert(
    fc.property(anyMessage, (message) => {
      const query = { ...message, ...QUERY, recursionDesired: true }
      const printed = Buffer.from(printMessage(query))
      assert.equal(reader.read(printed, printed.byteLength), 'good')
      const [question] = message.questions
      assert.deepEqual(
        [reader.id, reader.type, reader.class, reader.udpBytes, reader.dnssecOk],
        [query.id, question?.type, CLASS.IN, query.edns?.udpBytes, query.edns?.dnssecOk],
      )
      assert.deepEqual(Buffer.from(reader.key, 'latin1'), Buffer.from(question?.wire ?? []))
    }),
  )
})

test('a name that was written before is a pointer to it', () => {
  const owner = dnsName('db.europe.clamav.example')
  const cname = internetRecord(dnsName('database.clamav.example'), 60, {
    kind: 'cname',
    target: owner,
  })
  const questions = [{ name: cname.name, type: TYPE.A, class: CLASS.IN }]
  const message = printMessage({ ...QUERY, id: 1, questions, answer: [cname] })
  // 12 header, 25 name, 4 type and class; then pointer, 10 head, "db" "europe" and a pointer.
  assert.equal(message.byteLength, 12 + 25 + 4 + 2 + 10 + 3 + 7 + 2)
})

const BROKEN: readonly (readonly [string, readonly number[], string])[] = [
  ['a label that goes on past the end', [3, 97, 98], 'truncated'],
  ['no end', [1, 97], 'truncated'],
  ['half a pointer', [0xc0], 'truncated'],
  ['a pointer to itself', [0xc0, 0], 'bad-pointer'],
  ['a pointer forwards', [0xc0, 2, 0], 'bad-pointer'],
  ['a label of an unknown kind', [0x40, 97, 0], 'bad-label-type'],
  [
    'more than 255 bytes',
    [...Array(5)].flatMap(() => [63, ...Array(63).fill(97)]),
    'name-too-long',
  ],
]
for (const [situation, wire, kind] of BROKEN) {
  test(`a name with ${situation} is refused`, () => {
    const read = readName(Uint8Array.from(wire), 0)
    assert.ok(!read.ok)
    assert.equal(read.fault.kind, kind)
  })
}

test('two pointers that point at each other end', () => {
  const read = readName(Uint8Array.of(1, 97, 0xc0, 5, 0, 1, 98, 0xc0, 0), 5)
  assert.ok(!read.ok)
})

test('bytes that are no letters are escaped and come back', () => {
  const wire = Uint8Array.of(3, 65, 46, 0xe9, 0)
  const read = readName(wire, 0)
  assert.ok(read.ok)
  assert.equal(read.value.name, 'a\\046\\233')
  assert.deepEqual(nameToWire(read.value.name), Buffer.of(3, 97, 46, 0xe9, 0))
  assert.equal(parseDnsName('a..b').ok, false)
  assert.equal(parseDnsName('a\\256').ok, false)
  assert.equal(parseDnsName(`${'a'.repeat(64)}.b`).ok, false)
})

const QUERIES: readonly (readonly [string, (query: Buffer) => Buffer, string])[] = [
  ['an answer', (query) => patched(query, 2, 0x80), 'drop'],
  ['eleven bytes', (query) => query.subarray(0, 11), 'drop'],
  ['a NOTIFY', (query) => patched(query, 2, 4 << 3), 'not-implemented'],
  ['two questions', (query) => patched(query, 5, 2), 'bad-format'],
  ['no question', (query) => patched(query, 5, 0), 'bad-format'],
  ['an answer section', (query) => patched(query, 7, 1), 'bad-format'],
  ['a byte too many', (query) => Buffer.concat([query, Buffer.of(0)]), 'bad-format'],
  ['a byte too few', (query) => query.subarray(0, -1), 'bad-format'],
  ['a pointer as its name', (query) => patched(query, 12, 0xc0), 'bad-format'],
]
for (const [situation, change, verdict] of QUERIES) {
  test(`${situation} is ${verdict}`, () => {
    const questions = [{ name: dnsName('a.example'), type: TYPE.A, class: CLASS.IN }]
    const query = change(Buffer.from(printMessage({ ...QUERY, id: 9, questions })))
    assert.equal(new QueryReader().read(query, query.byteLength), verdict)
  })
}

function patched(query: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(query)
  copy[at] = byte
  return copy
}

test('a long text is cut into character-strings of 255 bytes', () => {
  const data = txt('x'.repeat(300))
  assert.ok(data.kind === 'txt')
  assert.deepEqual(
    data.strings.map((one) => one.byteLength),
    [255, 45],
  )
})

test('client subnets are read as strictly as RFC 7871 demands', () => {
  const good = readClientSubnet(Uint8Array.of(0, 1, 20, 0, 192, 0, 0x20))
  assert.ok(good.ok)
  assert.deepEqual(good.value.address, Uint8Array.of(192, 0, 0x20, 0))
  assert.deepEqual(printClientSubnet(good.value).bytes, Uint8Array.of(0, 1, 20, 0, 192, 0, 0x20))
  const nobody = readClientSubnet(Uint8Array.of(0, 0, 0, 0))
  assert.ok(nobody.ok, 'who tells nothing needs no family')
  assert.deepEqual(printClientSubnet(nobody.value).bytes, Uint8Array.of(0, 0, 0, 0))
  for (const wrong of [
    [0, 0, 8, 0, 192],
    [0, 1, 20, 0, 192, 0, 0x21],
    [0, 1, 24, 0, 192, 0],
    [0, 1, 24, 0, 192, 0, 2, 0],
    [0, 1, 33, 0, 192, 0, 2, 0, 0],
    [0, 3, 8, 0, 192],
    [0, 1],
  ]) {
    assert.equal(readClientSubnet(Uint8Array.from(wrong)).ok, false, wrong.join(' '))
  }
})

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

test('SipHash-2-4 gives the first vectors of its authors', () => {
  const key = Uint8Array.from({ length: 16 }, (_, at) => at)
  const data = (length: number) => Uint8Array.from({ length }, (_, at) => at)
  assert.deepEqual(Buffer.from(sipHash24(key, data(0))), hex('310e0edd47db6f72'))
  assert.deepEqual(Buffer.from(sipHash24(key, data(1))), hex('fd67dc93c539f874'))
  assert.deepEqual(Buffer.from(sipHash24(key, data(8))), hex('6224939a79f5f593'))
  assert.deepEqual(Buffer.from(sipHash24(key, data(15))), hex('e545be4961ca29a1'))
})

test('cookies are those of RFC 9018, A.1, and hold for an hour', () => {
  const secret = hex('e5e973e5a6b2a43f48e7dc849e37bfcf')
  const client = Uint8Array.of(198, 51, 100, 100)
  const at = epochSeconds(1_559_731_985)
  const cookie = makeCookie(hex('2464c4abcf10c957'), client, secret, at)
  assert.deepEqual(Buffer.from(cookie), hex('2464c4abcf10c957 010000005cf79f11 1f8130c3eee29480'))
  const good = (address: Uint8Array, later: number, secrets = [secret]) =>
    isGoodCookie(cookie, address, secrets, epochSeconds(at + later))
  assert.equal(good(client, 3600), true)
  assert.equal(good(client, -300), true)
  assert.equal(good(client, 3601), false)
  assert.equal(good(client, -301), false)
  assert.equal(good(Uint8Array.of(198, 51, 100, 101), 0), false)
  assert.equal(good(client, 0, [Buffer.alloc(16)]), false)
  assert.equal(good(client, 0, [Buffer.alloc(16), secret]), true)
  assert.equal(isGoodCookie(cookie.subarray(1), client, [secret], at), false)
})

test('a response code above 15 needs EDNS and comes back whole', () => {
  const edns = { udpBytes: 1232, version: 0, dnssecOk: false, extendedRcode: 0, options: [] }
  const message = { ...QUERY, id: 1, response: true, rcode: RCODE.BADVERS, questions: [], edns }
  const back = parseMessage(printMessage(message))
  assert.ok(back.ok)
  assert.equal(back.value.rcode, RCODE.BADVERS)
})
