import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseSshPublicKeyLine } from '#base/ssh-public-key.ts'
import { verifySshSignature } from '#formats/ssh-signature/index.ts'

/** The judge: OpenSSH's `ssh-keygen`, which makes the keys and the signatures. */
const skip =
  spawnSync('ssh-keygen', ['-?']).error === undefined ? false : 'ssh-keygen is not installed'
const KEYS: readonly (readonly [type: string, bits: string])[] = [
  ['ed25519', ''],
  ['rsa', '2048'],
  ['rsa', '3072'],
  ['ecdsa', '256'],
  ['ecdsa', '384'],
  ['ecdsa', '521'],
]

function keygen(cwd: string, ...args: readonly string[]): void {
  const end = spawnSync('ssh-keygen', args, { cwd, encoding: 'utf8' })
  assert.equal(end.status, 0, end.stderr)
}

for (const [type, bits] of KEYS) {
  test(`what ssh-keygen signs with ${type} ${bits} verifies, with either hash`, { skip }, () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'ssh-signature-'))
    const size = bits === '' ? [] : ['-b', bits]
    keygen(folder.path, '-q', '-t', type, ...size, '-N', '', '-C', 'a comment', '-f', 'key')
    const publicKey = parseSshPublicKeyLine(readFileSync(join(folder.path, 'key.pub'), 'utf8'))
    for (const hash of ['sha256', 'sha512']) {
      // Numbers in an ECDSA signature are sometimes a byte shorter; several messages meet that case.
      for (let round = 0; round < 8; round++) {
        const file = `${hash}-${round}`
        const message = Buffer.from(`${file}\n`.repeat(round))
        writeFileSync(join(folder.path, file), message)
        keygen(
          folder.path,
          '-Y',
          'sign',
          '-q',
          '-n',
          'cvdnet-set',
          '-O',
          `hashalg=${hash}`,
          '-f',
          'key',
          file,
        )
        const armored = readFileSync(join(folder.path, `${file}.sig`), 'utf8')
        assert.deepEqual(verifySshSignature(message, armored, 'cvdnet-set'), {
          ok: true,
          value: { publicKey },
        })
        assert.ok(
          !verifySshSignature(
            Buffer.concat([message, message, Buffer.from('x')]),
            armored,
            'cvdnet-set',
          ).ok,
        )
      }
    }
  })
}
