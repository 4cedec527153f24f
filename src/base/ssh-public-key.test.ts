import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseSshPublicKeyLine, printSshPublicKey } from './ssh-public-key.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAG2rU3Q+pMvYu4wUCRv88bNZRncs15GyPE7ZzZoeX9V'

test('a line of a .pub file is its type and key, whatever comment stands behind', () => {
  for (const line of [KEY, `${KEY} me@home`, `${KEY} two words é\n`, `  ${KEY}  `]) {
    assert.equal(parseSshPublicKeyLine(line), KEY)
  }
  const blob = Buffer.from(KEY.split(' ')[1] ?? '', 'base64')
  assert.equal(printSshPublicKey(blob), KEY)
})

const REFUSED: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a type alone', 'ssh-ed25519'],
  ['another type than the key names', KEY.replace('ed25519', 'rsa')],
  ['options before the type', `from="*" ${KEY}`],
  ['base64 that is not', KEY.replace('AAAAC3', 'AA=AC3')],
  ['a key that is cut to its type', 'ssh-rsa AAAAB3NzaC1yc2E='],
  ['two lines', `${KEY}\n${KEY}`],
  ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----'],
  ['a very long line', `${KEY} ${'x'.repeat(9000)}`],
]
for (const [situation, line] of REFUSED) {
  test(`an ssh key line with ${situation} is refused`, () => {
    assert.equal(parseSshPublicKeyLine(line), undefined)
  })
}

test('law: no line and no bytes make it throw', () => {
  fc.assert(fc.property(fc.string(), (line) => void parseSshPublicKeyLine(line)))
  fc.assert(fc.property(fc.uint8Array(), (blob) => void printSshPublicKey(blob)))
})
