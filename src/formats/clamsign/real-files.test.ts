import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { type EpochMs, epochMs } from '#base/time.ts'
import { realData, withoutRealData } from '../../../test/support/run.ts'
import { parseClamsign, printClamsign } from './file.ts'
import { parseSignedData } from './signed-data.ts'
import { readTrustedCertificates, type TrustedCertificates } from './trust.ts'
import { type ClamsignVerdict, verifyClamsign } from './verify.ts'
import { verifyClamsignForAll } from './verify-all.ts'

/** ClamAV's own signatures. Their root, an X.509 v1 certificate, is valid until 2027-03-26, so time is given. */
const DATA = realData('clamav')
const skip = withoutRealData()
const NOW = at('2026-11-24T00:00:00Z')
const TARGETS = existsSync(DATA)
  ? readdirSync(DATA)
      .filter((file) => file.endsWith('.sign'))
      .map((file) => file.slice(0, -'.sign'.length))
  : []

function at(time: string): EpochMs {
  return epochMs(Date.parse(time))
}

function testRoot(): TrustedCertificates {
  const pem = readFileSync(realData('clamav/clamav-test.crt'), 'latin1')
  const trust = readTrustedCertificates([{ file: 'clamav-test.crt', pem }])
  assert.ok(trust.ok)
  return trust.value
}

function sha256(file: string): Uint8Array {
  return createHash('sha256')
    .update(readFileSync(realData(`clamav/${file}`)))
    .digest()
}

function textOf(file: string): string {
  return readFileSync(realData(`clamav/${file}.sign`), 'latin1')
}

function outcome(verdict: ClamsignVerdict): string {
  return verdict.kind === 'good' ? verdict.signer : `${verdict.kind} ${verdict.reason.kind}`
}

test('every real .sign is good for its target and for no other', { skip }, () => {
  const trust = testRoot()
  assert.ok(TARGETS.length >= 9)
  for (const file of TARGETS) {
    for (const other of TARGETS) {
      assert.equal(
        outcome(verifyClamsign(textOf(file), sha256(other), { trust, now: NOW })),
        other === file ? 'ClamAV TEST CVD Signing Cert' : 'bad other-content',
      )
    }
  }
})

test('a real .sign prints back byte for byte', { skip }, () => {
  for (const file of TARGETS) {
    const parsed = parseClamsign(textOf(file))
    assert.ok(parsed.ok)
    assert.equal(printClamsign(parsed.value), textOf(file))
  }
})

test('validity is judged against now, not against the time of signing', { skip }, () => {
  const verdict = (now: string) =>
    verifyClamsign(textOf('test-1.cvd'), sha256('test-1.cvd'), { trust: testRoot(), now: at(now) })
  assert.equal(outcome(verdict('2025-03-26T17:56:32Z')), 'bad not-yet-valid')
  assert.equal(outcome(verdict('2025-03-26T17:56:33Z')), 'ClamAV TEST CVD Signing Cert')
  assert.equal(outcome(verdict('2027-03-26T17:56:32Z')), 'ClamAV TEST CVD Signing Cert')
  assert.equal(outcome(verdict('2027-03-26T17:56:33Z')), 'bad expired')
})

test('an engine below the lowest level does not try, and nobody trusted is a refusal', {
  skip,
}, () => {
  const trust = testRoot()
  const [text, hash] = [textOf('test-1.cvd'), sha256('test-1.cvd')]
  const old = verifyClamsign(text, hash, { trust, now: NOW, level: 229 })
  assert.equal(outcome(old), 'cannot-try no-usable-line')
  const nobody = verifyClamsign(text, hash, { trust: { certificates: [] }, now: NOW })
  assert.equal(outcome(nobody), 'bad unknown-issuer')
})

test('every flipped byte of a real .sign is caught, but for the level that nobody signs', {
  skip,
}, () => {
  const trust = testRoot()
  const bytes = Buffer.from(textOf('test-5.cvd'), 'latin1')
  const hash = sha256('test-5.cvd')
  const missed: number[] = []
  for (const [index, byte] of bytes.entries()) {
    // Another base 64 digit, so that the flip reaches the signature and not only its spelling.
    const letter = byte === 0x41 ? 0x42 : 0x41
    for (const changed of [byte ^ 0x01, letter]) {
      bytes[index] = changed
      const verdict = verifyClamsign(bytes.toString('latin1'), hash, { trust, now: NOW })
      if (verdict.kind === 'good') missed.push(index)
    }
    bytes[index] = byte
  }
  const level = '#clamsign-1.0\n'.length
  // 230 became 220, 231 or the like; 330 is above this engine's level, and a letter is no level.
  assert.deepEqual(
    missed.filter((index) => index < level || index > level + 2),
    [],
  )
})

test('law: PKCS#7 with any bytes changed never throws, and is never good when the DER changed', {
  skip,
}, () => {
  const trust = testRoot()
  const text = textOf('test-2.cdiff')
  const head = text.slice(0, text.lastIndexOf(':') + 1)
  const der = Buffer.from(text.slice(head.length), 'base64')
  const hash = sha256('test-2.cdiff')
  const index = fc.nat({ max: der.byteLength - 1 })
  const changes = fc.array(fc.tuple(index, fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(changes, fc.boolean(), (list, cut) => {
      const other = Buffer.from(der)
      for (const [where, byte] of list) other[where] = byte
      const [[where]] = [list[0] ?? [0, 0]]
      const bytes = cut ? other.subarray(0, where) : other
      const verdict = verifyClamsign(`${head}${bytes.toString('base64')}\n`, hash, {
        trust,
        now: NOW,
      })
      assert.equal(verdict.kind === 'good', bytes.equals(der))
    }),
    { numRuns: 500 },
  )
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseSignedData(bytes)))
})

test('good for all is what is good at every level where another line decides', { skip }, () => {
  const file = 'test-1.cvd'
  const options = { trust: testRoot(), now: NOW }
  const real = parseClamsign(textOf(file))
  const [line] = real.ok ? real.value.signatures : []
  assert.ok(line)
  const none = textOf('test-2.cvd')
  const other = parseClamsign(none)
  const [wrong] = other.ok ? other.value.signatures : []
  assert.ok(wrong)
  const asked = (...signatures: readonly (typeof line)[]) =>
    outcome(verifyClamsignForAll(printClamsign({ signatures }), sha256(file), options))
  const signer = 'ClamAV TEST CVD Signing Cert'
  assert.equal(asked(line), signer)
  assert.equal(asked({ ...line, maxLevel: 239 }, { ...line, minLevel: 240 }), signer)
  // Engines from 240 on would refuse the file, those from 250 on find no line, and the first ones none yet.
  assert.equal(asked({ ...line, maxLevel: 239 }, { ...wrong, minLevel: 240 }), 'bad other-content')
  assert.equal(asked({ ...line, maxLevel: 249 }), 'cannot-try no-usable-line')
  assert.equal(asked({ ...line, minLevel: 231 }), 'cannot-try no-usable-line')
  assert.equal(asked(line, wrong), signer)
  const html = verifyClamsignForAll('<html>', sha256(file), options)
  assert.equal(outcome(html), 'cannot-try not-clamsign')
})
