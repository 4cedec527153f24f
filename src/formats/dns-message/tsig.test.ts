import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import {
  CLASS,
  dnsName,
  HEADER_BYTES,
  nameToWire,
  printMessage,
  QUERY,
  QueryReader,
  RCODE,
  type TsigKey,
  TsigSigner,
  TYPE,
  tsigRefusal,
  verifyTsig,
} from './index.ts'

const TSIG_KEY = {
  name: dnsName('key.example'),
  algorithm: 'hmac-sha256',
  secret: Uint8Array.from({ length: 32 }, (_, at) => at),
} as const
const AT = epochSeconds(1_795_488_000)

function signedQuery(): { readonly bytes: Buffer; readonly tsigAt: number } {
  const questions = [{ name: dnsName('a.example'), type: TYPE.AXFR, class: CLASS.IN }]
  const plainBytes = printMessage({ ...QUERY, id: 9, questions })
  const bytes = new TsigSigner(TSIG_KEY, undefined).sign(plainBytes, AT)
  const reader = new QueryReader()
  assert.equal(reader.read(bytes, bytes.byteLength), 'good')
  return { bytes, tsigAt: reader.tsigAt }
}

test('TSIG: what was signed is believed, with that key, within five minutes, unchanged', () => {
  const { bytes, tsigAt } = signedQuery()
  const verdict = (message: Buffer, keys: readonly TsigKey[] = [TSIG_KEY], later = 0) => {
    const signed = verifyTsig({ query: message, at: tsigAt, now: epochSeconds(AT + later) }, keys)
    return signed.ok ? 'good' : signed.fault.kind
  }
  assert.equal(verdict(bytes), 'good')
  assert.equal(verdict(bytes, [TSIG_KEY], 300), 'good')
  assert.equal(verdict(bytes, [TSIG_KEY], 301), 'bad-time')
  assert.equal(verdict(bytes, []), 'unknown-key')
  assert.equal(verdict(bytes, [{ ...TSIG_KEY, algorithm: 'hmac-sha512' }]), 'unknown-key')
  assert.equal(verdict(bytes, [{ ...TSIG_KEY, secret: Buffer.alloc(32) }]), 'bad-signature')
  assert.equal(verdict(patched(bytes, 13, 0x62)), 'bad-signature')
  // Whoever forwards it may give it another id; the signature is of the first (RFC 8945, 5.3).
  assert.equal(verdict(patched(bytes, 0, 0xff)), 'good')
})

test('law: no change of a signed query makes it throw, or believed', () => {
  const { bytes, tsigAt } = signedQuery()
  const change = fc.tuple(fc.integer({ min: 2, max: bytes.byteLength - 1 }), fc.nat({ max: 255 }))
  fc.assert(
    fc.property(change, fc.nat({ max: bytes.byteLength }), ([at, byte], kept) => {
      const mixed = patched(bytes, at, byte)
      const signed = verifyTsig({ query: mixed, at: tsigAt, now: AT }, [TSIG_KEY])
      const isSame =
        mixed.toString('latin1').toLowerCase() === bytes.toString('latin1').toLowerCase()
      assert.ok(!signed.ok || isSame || isUnsigned(at, tsigAt))
      const cut = { query: mixed.subarray(0, kept), at: Math.min(tsigAt, kept), now: AT }
      verifyTsig(cut, [TSIG_KEY])
    }),
    { numRuns: 1000 },
  )
})

test('a refusal says what is wrong, and where clocks differ it is signed, with both times', () => {
  const { bytes, tsigAt } = signedQuery()
  const refusal = (keys: readonly TsigKey[], now = AT) => {
    const asked = { query: bytes, at: tsigAt, now }
    const verdict = verifyTsig(asked, keys)
    assert.ok(!verdict.ok)
    return tsigRefusal(asked, verdict.fault, (rcode) =>
      printMessage({ ...QUERY, id: 9, questions: [], rcode }),
    )
  }
  const nameBytes = nameToWire(TSIG_KEY.name).byteLength
  const fieldsOf = (answer: Buffer) => {
    assert.equal(answer.readUInt8(3) & 15, RCODE.NOTAUTH)
    assert.equal(answer.readUInt16BE(10), 1)
    const algorithmAt = HEADER_BYTES + nameBytes + 10
    const timeAt = algorithmAt + nameToWire(dnsName('hmac-sha256')).byteLength
    const macBytes = answer.readUInt16BE(timeAt + 8)
    const errorAt = timeAt + 10 + macBytes + 2
    const other = answer.subarray(errorAt + 4)
    assert.equal(answer.readUInt16BE(errorAt + 2), other.byteLength)
    return {
      error: answer.readUInt16BE(errorAt),
      time: answer.readUIntBE(timeAt, 6),
      macBytes,
      other: other.byteLength === 0 ? 0 : other.readUIntBE(0, 6),
    }
  }
  const wrong = { ...TSIG_KEY, secret: Buffer.alloc(32) }
  assert.deepEqual(fieldsOf(refusal([])), { error: 17, time: AT, macBytes: 0, other: 0 })
  assert.deepEqual(fieldsOf(refusal([wrong])), { error: 16, time: AT, macBytes: 0, other: 0 })
  const late = epochSeconds(AT + 301)
  const refused = refusal([TSIG_KEY], late)
  assert.deepEqual(fieldsOf(refused), { error: 18, time: AT, macBytes: 32, other: late })
  // Signed over the query's signature, the plain answer, and the record's own fields (RFC 8945, 5.3.2).
  const sizedMac = bytes.subarray(bytes.byteLength - 6 - 32 - 2, bytes.byteLength - 6)
  const plain = printMessage({ ...QUERY, id: 9, questions: [], rcode: RCODE.NOTAUTH })
  const owner = nameToWire(TSIG_KEY.name)
  const algorithm = nameToWire(dnsName('hmac-sha256'))
  const times = Buffer.from('000000000000012c00120006000000000000', 'hex')
  times.writeUIntBE(AT, 0, 6)
  times.writeUIntBE(late, 12, 6)
  const anyAndNoTtl = Buffer.from('00ff00000000', 'hex')
  const mac = createHmac('sha256', TSIG_KEY.secret)
  for (const part of [sizedMac, plain, owner, anyAndNoTtl, algorithm, times]) mac.update(part)
  const macAt = HEADER_BYTES + nameBytes + 10 + algorithm.byteLength + 10
  assert.deepEqual(refused.subarray(macAt, macAt + 32), mac.digest())
})

test('a message that counts no additional record has no signature either', () => {
  const { bytes, tsigAt } = signedQuery()
  const uncounted = patched(patched(bytes, 10, 0), 11, 0)
  const signed = verifyTsig({ query: uncounted, at: tsigAt, now: AT }, [TSIG_KEY])
  assert.deepEqual(signed, { ok: false, fault: { kind: 'bad-format' } })
})

/** The record's own head is not signed; `QueryReader` checks type and length. */
function isUnsigned(at: number, tsigAt: number): boolean {
  const head = tsigAt + nameToWire(TSIG_KEY.name).byteLength
  return at >= head && at < head + 10
}

function patched(query: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(query)
  copy[at] = byte
  return copy
}
