import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  CLAMAV_KEYS,
  describeKeyFault,
  parsePublisherKeys,
  parsePublisherSecrets,
  printPublisherKeys,
  printPublisherSecrets,
  publicKeys,
} from './index.ts'
import { TEST_SECRETS } from './test-secrets.ts'

const secretText = printPublisherSecrets(TEST_SECRETS)
const publicText = printPublisherKeys(publicKeys(TEST_SECRETS))

test('keys and secrets survive being written and read', () => {
  assert.deepEqual(parsePublisherSecrets(secretText), { ok: true, value: TEST_SECRETS })
  assert.deepEqual(parsePublisherKeys(publicText), { ok: true, value: publicKeys(TEST_SECRETS) })
})

test('printing public keys leaves the secrets out even when they are in the value', () => {
  assert.doesNotMatch(printPublisherKeys(TEST_SECRETS), /"d"/)
})

test('a key file is refused with the reason', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['not-json', '{"publisher"'],
    ['not-json', '[]'],
    ['bad-publisher-name', publicText.replace('"test-publisher"', '"../evil"')],
    ['reserved-publisher-name', printPublisherKeys(CLAMAV_KEYS)],
    ['reserved-publisher-name', publicText.replace('"test-publisher"', '"cLAMav"')],
    ['unknown-field', publicText.replace('"patch"', '"cdiff"')],
    ['bad-number', publicText.replace('"100001027"', '100001027')],
    ['bad-exponent', publicText.replace('"100001027"', '"100001028"')],
    ['bad-modulus-length', publicText.replace(TEST_SECRETS.info.n.toString(), '77')],
    ['secret-in-public-file', secretText],
  ]
  for (const [kind, text] of cases) {
    const parsed = parsePublisherKeys(text)
    assert.equal(parsed.ok ? 'accepted' : parsed.fault.kind, kind)
    if (!parsed.ok) assert.ok(describeKeyFault(parsed.fault).length > 10)
  }
  const swapped = secretText.replace(
    TEST_SECRETS.info.d.toString(),
    TEST_SECRETS.patch.d.toString(),
  )
  const parsed = parsePublisherSecrets(swapped)
  assert.equal(parsed.ok ? 'accepted' : parsed.fault.kind, 'secret-does-not-fit')
})

test('law: no text makes the key parsers throw', () => {
  const text = fc.oneof(fc.string(), fc.json(), fc.constant('{"publisher":"a","__proto__":1}'))
  fc.assert(
    fc.property(text, (given) => {
      assert.equal(parsePublisherKeys(given).ok, false)
      assert.equal(parsePublisherSecrets(given).ok, false)
    }),
  )
})
