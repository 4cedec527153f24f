import assert from 'node:assert/strict'
import { createHash, createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type EpochMs, epochMs } from '#base/time.ts'
import {
  parseClamsign,
  printClamsign,
  readCertificate,
  readTrustedCertificates,
  signClamsign,
  verifyClamsign,
} from '#formats/clamsign/index.ts'
import { OpensslSigner, outcomeOf, signText, trusting } from '../support/openssl-signer.ts'
import { without } from '../support/run.ts'
import {
  AUTHORITY,
  FILE_SIGNER,
  openssl,
  pemOf,
  type TestCertificate,
  testCertificate,
} from '../support/test-ca.ts'

/** Detached signatures against the real openssl, in both directions. */
const skip = without('openssl')
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-clamsign-'))
after(() => rmSync(folder, { recursive: true }))
const theirs = new OpensslSigner(folder)
const make = (name: string, wish = {}) => testCertificate(folder, name, wish)

const SHA256 = createHash('sha256').update(OpensslSigner.target).digest()
/** An hour ahead, since the certificates are made from now on. */
const NOW = epochMs(Date.now() + 3_600_000)
const YEAR_MS = 365 * 86_400_000

test('the first line for the engine decides, and nothing after it helps', { skip }, () => {
  const root = make('Root A', { extensions: AUTHORITY })
  const stranger = make('Stranger')
  const good = theirs.sign(make('Leaf A', { issuer: root, extensions: FILE_SIGNER }))
  const bad = theirs.sign(stranger)
  const options = { trust: trusting(root), now: NOW }
  assert.equal(
    outcomeOf(verifyClamsign(signText(bad, good), SHA256, options)),
    'bad unknown-issuer',
  )
  assert.deepEqual(verifyClamsign(signText(good, bad), SHA256, options), {
    kind: 'good',
    signer: 'Leaf A',
    line: 2,
  })
  const later = signText(bad, good).replace('230::', '240::')
  assert.equal(verifyClamsign(later, SHA256, options).kind, 'good')
  assert.equal(verifyClamsign(later, SHA256, { ...options, level: 240 }).kind, 'bad')
  const none = verifyClamsign(signText(good).replace('230::', '300::'), SHA256, options)
  assert.equal(outcomeOf(none), 'cannot-try no-usable-line')
  const ended = verifyClamsign(signText(good).replace('230::', '200:229:'), SHA256, options)
  assert.equal(outcomeOf(ended), 'cannot-try no-usable-line')
})

test('a signature that carries its content, or no attributes, is no detached one', { skip }, () => {
  const root = make('Root B', { extensions: AUTHORITY })
  const leaf = make('Leaf B', { issuer: root, extensions: FILE_SIGNER })
  const signing = (...args: readonly string[]) =>
    verifyClamsign(signText(theirs.sign(leaf, [], args)), SHA256, {
      trust: trusting(root),
      now: NOW,
    })
  assert.equal(outcomeOf(signing('-nodetach')), 'bad content-inside')
  assert.equal(outcomeOf(signing('-noattr')), 'bad attributes-missing')
  assert.equal(outcomeOf(signing('-nocerts')), 'bad signer-certificate-missing')
  assert.equal(outcomeOf(signing('-md', 'sha512')), 'bad unsupported-algorithm')
})

test('what we sign is accepted by openssl smime, openssl cms and ourselves', { skip }, () => {
  const root = make('Root C', { extensions: AUTHORITY })
  const middle = make('Middle C', { issuer: root, extensions: AUTHORITY })
  for (const rsa of [false, true]) {
    const leaf = make(`Leaf C ${rsa}`, { issuer: middle, rsa, extensions: FILE_SIGNER })
    const [signer, intermediate] = [leaf, middle].map((one) => readCertificate(pemOf(one)))
    assert.ok(signer !== undefined && intermediate !== undefined)
    const key = createPrivateKey(readFileSync(leaf.key, 'latin1'))
    const signed = signClamsign(SHA256, { signer, intermediates: [intermediate], key, now: NOW })
    assert.ok(signed.ok)
    const text = printClamsign({ signatures: [{ line: 2, ...signed.value }] })
    const options = { trust: trusting(root), now: NOW }
    assert.equal(outcomeOf(verifyClamsign(text, SHA256, options)), 'good')
    const other = createHash('sha256').update('other').digest()
    assert.equal(outcomeOf(verifyClamsign(text, other, options)), 'bad other-content')
    const parsed = parseClamsign(text)
    const der = Buffer.from((parsed.ok && parsed.value.signatures[0]?.data) || '', 'base64')
    assert.ok(theirs.accepts('smime', der, [root], NOW))
    assert.ok(theirs.accepts('cms', der, [root], NOW))
  }
})

test('what engines would refuse is not signed', { skip }, () => {
  const root = make('Root D', { extensions: AUTHORITY })
  const leaf = make('Leaf D', { issuer: root, extensions: FILE_SIGNER })
  const code = make('Code D', { issuer: root, extensions: ['extendedKeyUsage = codeSigning'] })
  const signing = (certificate: TestCertificate, key: string, now: EpochMs = NOW) => {
    const signer = readCertificate(pemOf(certificate))
    assert.ok(signer !== undefined)
    const secret = createPrivateKey(readFileSync(key, 'latin1'))
    const signed = signClamsign(SHA256, { signer, intermediates: [], key: secret, now })
    return signed.ok ? 'signed' : signed.fault.kind
  }
  assert.equal(signing(leaf, leaf.key), 'signed')
  assert.equal(signing(code, code.key), 'unsuitable-purpose')
  assert.equal(signing(leaf, code.key), 'key-of-another')
  assert.equal(signing(leaf, leaf.key, epochMs(NOW + 11 * YEAR_MS)), 'expired')
  openssl('genpkey', '-algorithm', 'ED25519', '-out', theirs.at('ed.key'))
  assert.equal(signing(leaf, theirs.at('ed.key')), 'unsupported-key')
})

test('a folder with two certificates of one common name is refused', { skip }, () => {
  const one = make('Twin')
  const pem = pemOf(one)
  rmSync(one.certificate)
  const other = make('Twin')
  const trust = readTrustedCertificates([
    { file: 'a.pem', pem },
    { file: 'b.pem', pem: pemOf(other) },
  ])
  assert.deepEqual(trust, {
    ok: false,
    fault: { kind: 'common-name-twice', commonName: 'Twin', files: ['a.pem', 'b.pem'] },
  })
  const empty = readTrustedCertificates([{ file: 'c.pem', pem: 'nothing' }])
  assert.deepEqual(empty, { ok: false, fault: { kind: 'no-certificate', file: 'c.pem' } })
  const broken = readTrustedCertificates([{ file: 'd.pem', pem: pem.replace(/\nMII/, '\nAAA') }])
  assert.equal(!broken.ok && broken.fault.kind, 'bad-certificate')
})
