import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  messageByHand,
  type SignatureShape,
  signMessage,
  signShaped,
} from '../../../test/support/sign-by-hand.ts'
import {
  beginsWithZero,
  CLAMAV_KEYS,
  parseSignatureText,
  printSignatureText,
  signMd5,
  signSha256,
  verifyMd5,
  verifySha256,
} from './index.ts'
import { modPow, type RsaPrivateKey } from './rsa.ts'
import { TEST_SECRETS } from './test-secrets.ts'

const DATA = '../shared/data/clamav'
const skip = existsSync(DATA) ? false : `no real data in ${DATA}`

// formats.md 2.2, "Worked".
const TEST_1_MD5 = Buffer.from('a4ab60ae1c1c4e8f787459102dcfd90b', 'hex')
const TEST_1_DSIG =
  'ttQeKzTSL5iF5/IWsA8weveL64WDVkhgfbm/ABaW3xAWalVKcAp65Q/cWmhkhKFfHSLIXNfCzTLbhfTeISKpfWAheL7NZk+t6nQ8NEFBBst6CQcoFTwwyVLwwTSN38VYLW/vZFYphnkBcCotyo++NYU5VQ9JUA6dFQXxaU00b6c'
const TEST_1_NUMBER =
  32658417562829609971573130709299499753443991932163200552219248852562685978442068514242940024998086242636440432681887214803332516271513185191221276311698895911829500368493463751355274097413047890817037309397279136928989847451329010471432999335013373995016160559982938998827753118077101186252883130024627184851n

/** With the test's key and digest this salt makes one. */
const ZERO_LED = 256

const digests = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes })

test('the worked example of the specification reads as its number and verifies', () => {
  assert.deepEqual(parseSignatureText(TEST_1_DSIG), { ok: true, value: TEST_1_NUMBER })
  assert.equal(printSignatureText(TEST_1_NUMBER), TEST_1_DSIG)
  assert.ok(verifyMd5(TEST_1_MD5, TEST_1_DSIG, CLAMAV_KEYS.header).ok)
})

test('a signature is refused with the reason', () => {
  const reason = (text: string, md5 = TEST_1_MD5) => {
    const verdict = verifyMd5(md5, text, CLAMAV_KEYS.header)
    return verdict.ok ? 'verified' : verdict.fault.kind
  }
  assert.equal(reason(''), 'bad-signature-length')
  assert.equal(reason('a'.repeat(351)), 'bad-signature-length')
  assert.equal(reason(TEST_1_DSIG.replace('t', '=')), 'bad-signature-character')
  assert.equal(reason(TEST_1_DSIG.replace('t', 'u')), 'not-by-this-key')
  assert.equal(reason(TEST_1_DSIG, Buffer.alloc(16)), 'signs-other-bytes')
  assert.equal(
    reason(printSignatureText(TEST_1_NUMBER + CLAMAV_KEYS.header.n)),
    'signature-not-below-modulus',
  )
})

test('every real patch verifies with the patch key and with no other', { skip }, () => {
  for (const version of [2, 3, 4, 5]) {
    const bytes = readFileSync(`${DATA}/test-${version}.cdiff`)
    const colon = bytes.lastIndexOf(':')
    const digest = createHash('sha256').update(bytes.subarray(0, colon)).digest()
    const text = bytes.subarray(colon + 1).toString('latin1')
    assert.deepEqual(verifySha256(digest, text, CLAMAV_KEYS.patch), { ok: true, value: undefined })
    const other = verifySha256(digest, text, CLAMAV_KEYS.info)
    assert.match(
      other.ok ? 'verified' : other.fault.kind,
      /^(not-by-this-key|signature-not-below-modulus)$/,
    )
  }
})

test('law: text and number are two forms of one thing', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 2048n }), (value) => {
      assert.deepEqual(parseSignatureText(printSignatureText(value)), { ok: true, value })
    }),
  )
})

test('law: no text makes a verification throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      assert.equal(verifyMd5(TEST_1_MD5, text, CLAMAV_KEYS.header).ok, false)
      assert.equal(verifySha256(Buffer.alloc(32), text, CLAMAV_KEYS.info).ok, false)
    }),
  )
})

test('law: what is signed verifies, and any other digest does not, also with leading zeros', () => {
  fc.assert(
    fc.property(digests(16), digests(32), digests(32), fc.nat(15), (md5, sha, salt, at) => {
      md5.fill(0, 0, at)
      // A digest of zeros alone has an empty signature, which is none; no payload is known to have it.
      fc.pre(md5.some((byte) => byte !== 0))
      const v1 = signMd5(md5, TEST_SECRETS.header)
      assert.ok(verifyMd5(md5, v1, TEST_SECRETS.header).ok)
      const v2 = signSha256(sha, TEST_SECRETS.info, countingSalt(salt))
      assert.ok(verifySha256(sha, v2, TEST_SECRETS.info).ok)
      sha[at] = (sha[at] ?? 0) ^ 1
      const wrong = verifySha256(sha, v2, TEST_SECRETS.info)
      assert.equal(wrong.ok ? 'verified' : wrong.fault.kind, 'signs-other-bytes')
    }),
    { numRuns: 25 },
  )
})

/** Another salt at each call, as a die would give. */
function countingSalt(seed: Uint8Array): () => Uint8Array {
  let calls = 0
  return () => {
    calls += 1
    return createHash('sha256').update(seed).update(Uint8Array.of(calls)).digest()
  }
}

// Two texts for one signature: whoever remembers a patch by its bytes would be led to see two.
test('a signature plus the modulus is the same number to RSA, and no signature to us', () => {
  const md5 = createHash('md5').update('payload').digest()
  const sha256 = createHash('sha256').update('text').digest()
  const moved = (text: string, { n }: RsaPrivateKey) => {
    const value = parseSignatureText(text)
    assert.ok(value.ok)
    return printSignatureText(value.value + n)
  }
  const { header, info } = TEST_SECRETS
  const fault = { ok: false, fault: { kind: 'signature-not-below-modulus' } }
  assert.deepEqual(verifyMd5(md5, moved(signMd5(md5, header), header), header), fault)
  const text = signSha256(sha256, info, () => new Uint8Array(32).fill(7))
  assert.ok(verifySha256(sha256, text, info).ok)
  assert.deepEqual(verifySha256(sha256, moved(text, info), info), fault)
})

// formats.md 2.3, steps 1 and 4: only the holder of the key can make these, and no client takes them.
test('an encoded message of another shape is refused, though the right key signed it', () => {
  const key = TEST_SECRETS.info
  const digest = createHash('sha256').update('text').digest()
  const salt = Buffer.alloc(32, 7)
  assert.ok(verifySha256(digest, signMessage(messageByHand(digest, salt), key), key).ok)
  for (const text of [
    signMessage(messageByHand(digest, salt, 0xbd), key),
    signMessage(messageByHand(digest, salt.subarray(1)), key),
    signMessage(messageByHand(digest, Buffer.concat([salt, salt])), key),
  ]) {
    assert.deepEqual(verifySha256(digest, text, key), {
      ok: false,
      fault: { kind: 'not-by-this-key' },
    })
  }
})

test('a message that begins with a zero byte is told from others, and verifies like them', () => {
  const key = TEST_SECRETS.patch
  const digest = createHash('sha256').update('text').digest()
  const lost = (shape: SignatureShape) => {
    const text = signShaped(digest, key, shape)
    assert.ok(verifySha256(digest, text, key).ok)
    return beginsWithZero(text, key)
  }
  assert.equal(lost({ head: (byte) => byte === 0 }), true)
  assert.equal(lost({ head: (byte) => byte === 1 }), false)
  // That the signature is a short number is another thing, which no engine minds.
  assert.equal(lost({ head: (byte) => byte > 0, charsMax: 340 }), false)
  assert.equal(beginsWithZero('no signature', key), false)
})

test('no message begins with a zero byte, which engines 1.1 to 1.4 lose', () => {
  const digest = createHash('sha256').update('text').digest()
  let next = ZERO_LED
  const text = signSha256(digest, TEST_SECRETS.patch, () => {
    const salt = createHash('sha256').update(`salt ${next}`).digest()
    next += 1
    return salt
  })
  assert.ok(next > ZERO_LED + 1, 'the first salt is no good')
  const signature = parseSignatureText(text)
  assert.ok(signature.ok)
  const { e, n } = TEST_SECRETS.patch
  assert.ok(modPow(signature.value, e, n) >= 2n ** 2040n)
  assert.ok(verifySha256(digest, text, TEST_SECRETS.patch).ok)
})
