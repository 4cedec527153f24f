import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { verifySshSignature } from './verify.ts'
import { wireString } from './wire.ts'

/** Made with ssh-keygen of OpenSSH 9.2 over "hello\n", namespace `cvdnet-set`; the key was thrown away. */
const ARMORED = `-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgAbatTdD6ky9i7jBQJG/zxs1lGd
yzXkbI8TtnNmh5f1UAAAAKY3ZkbmV0LXNldAAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gt
ZWQyNTUxOQAAAEBZPItFjuuKyq0i7qLnIGhx2QEWyzvz+wkt3pPCmdIcYBAPhfn1rutlOY
az2jhyghk0v264D62PnlLDpcj3+5UC
-----END SSH SIGNATURE-----
`
const MESSAGE = Buffer.from('hello\n')
const NAMESPACE = 'cvdnet-set'

function kindOf(message: Uint8Array, armored: string, namespace = NAMESPACE): string {
  const end = verifySshSignature(message, armored, namespace)
  return end.ok ? 'good' : end.fault.kind
}

test('a genuine signature is good and names its key', () => {
  assert.deepEqual(verifySshSignature(MESSAGE, ARMORED, NAMESPACE), {
    ok: true,
    value: {
      publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V',
    },
  })
  assert.equal(kindOf(MESSAGE, ARMORED.replaceAll('\n', '\r\n')), 'good')
  assert.equal(kindOf(MESSAGE, ARMORED.trimEnd()), 'good')
})

test('other bytes, another namespace and an empty one are refused', () => {
  assert.equal(kindOf(Buffer.from('hello'), ARMORED), 'signature-differs')
  assert.equal(kindOf(MESSAGE, ARMORED, 'file'), 'other-namespace')
  assert.equal(kindOf(MESSAGE, ARMORED, ''), 'other-namespace')
})

function armor(blob: Uint8Array): string {
  const base64 = Buffer.from(blob)
    .toString('base64')
    .replaceAll(/(.{70})(?=.)/g, '$1\n')
  return `-----BEGIN SSH SIGNATURE-----\n${base64}\n-----END SSH SIGNATURE-----\n`
}

const GOOD = Buffer.from(ARMORED.split('\n').slice(1, -2).join(''), 'base64')

test('every flipped bit of a signature is caught', () => {
  assert.equal(kindOf(MESSAGE, armor(GOOD)), 'good')
  for (let bit = 0; bit < GOOD.length * 8; bit++) {
    const flipped = Buffer.from(GOOD)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.notEqual(kindOf(MESSAGE, armor(flipped)), 'good', `bit ${bit}`)
  }
})

test('a byte too many or too few is refused, in the blob as in the armor', () => {
  assert.equal(
    kindOf(MESSAGE, armor(Buffer.concat([GOOD, Buffer.from([0])]))),
    'bad-signature-form',
  )
  assert.equal(kindOf(MESSAGE, armor(GOOD.subarray(0, -1))), 'bad-signature-form')
  assert.equal(kindOf(MESSAGE, `x${ARMORED}`), 'not-armored')
  assert.equal(kindOf(MESSAGE, `${ARMORED}x`), 'not-armored')
  assert.equal(kindOf(MESSAGE, ARMORED.replace('5UC', '5U=C')), 'not-armored')
  assert.equal(kindOf(MESSAGE, ''), 'not-armored')
  assert.equal(
    kindOf(MESSAGE, ARMORED.replace('\n', `\n${'A'.repeat(70)}\n`.repeat(400))),
    'not-armored',
  )
})

/** What an attacker who writes the blob himself may try. */
function forged(publicKey: Uint8Array, signature: Uint8Array, hash = 'sha512'): string {
  const head = Buffer.concat([Buffer.from('SSHSIG'), Buffer.from([0, 0, 0, 1])])
  const fields = [publicKey, NAMESPACE, '', hash, signature].map((field) => wireString(field))
  return armor(Buffer.concat([head, ...fields]))
}

function rsaKey(bits: number) {
  const pair = generateKeyPairSync('rsa', { modulusLength: bits })
  const jwk = pair.publicKey.export({ format: 'jwk' })
  const number = (text = '') => Buffer.concat([Buffer.from([0]), Buffer.from(text, 'base64url')])
  const parts = ['ssh-rsa', Buffer.from(jwk.e ?? '', 'base64url'), number(jwk.n)].map(wireString)
  return { blob: Buffer.concat(parts), privateKey: pair.privateKey }
}

test('weak keys, unknown keys, unknown hashes and SHA-1 are refused', () => {
  const weak = rsaKey(1024)
  const none = wireString('ssh-ed25519')
  assert.equal(kindOf(MESSAGE, forged(weak.blob, none)), 'unusable-key')
  assert.equal(kindOf(MESSAGE, forged(wireString('ssh-dss'), none)), 'unusable-key')
  assert.equal(kindOf(MESSAGE, forged(new Uint8Array(0), none)), 'unusable-key')
  const strong = rsaKey(2048)
  assert.equal(kindOf(MESSAGE, forged(strong.blob, none, 'md5')), 'unknown-hash')
  const sha1 = Buffer.concat([
    wireString('ssh-rsa'),
    wireString(sign('sha1', MESSAGE, strong.privateKey)),
  ])
  assert.equal(kindOf(MESSAGE, forged(strong.blob, sha1)), 'signature-differs')
  const offCurve = Buffer.concat([
    wireString('ecdsa-sha2-nistp256'),
    wireString('nistp256'),
    wireString(Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)])),
  ])
  assert.equal(kindOf(MESSAGE, forged(offCurve, none)), 'unusable-key')
})

test('law: no text and no blob make it throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void kindOf(MESSAGE, text)))
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 120 }), (bytes) => {
      kindOf(MESSAGE, armor(bytes))
      kindOf(MESSAGE, forged(bytes, bytes))
    }),
  )
})
