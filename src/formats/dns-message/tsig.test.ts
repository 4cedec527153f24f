import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import {
  CLASS,
  dnsName,
  nameToWire,
  printMessage,
  QUERY,
  QueryReader,
  type TsigKey,
  TsigSigner,
  TYPE,
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
    const signed = verifyTsig(message, tsigAt, keys, epochSeconds(AT + later))
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
      const signed = verifyTsig(mixed, tsigAt, [TSIG_KEY], AT)
      const isSame =
        mixed.toString('latin1').toLowerCase() === bytes.toString('latin1').toLowerCase()
      assert.ok(!signed.ok || isSame || isUnsigned(at, tsigAt))
      verifyTsig(mixed.subarray(0, kept), Math.min(tsigAt, kept), [TSIG_KEY], AT)
    }),
    { numRuns: 1000 },
  )
})

test('a message that counts no additional record has no signature either', () => {
  const { bytes, tsigAt } = signedQuery()
  const uncounted = patched(patched(bytes, 10, 0), 11, 0)
  const signed = verifyTsig(uncounted, tsigAt, [TSIG_KEY], AT)
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
