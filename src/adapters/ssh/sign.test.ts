import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifySshSignature } from '#formats/ssh-signature/index.ts'
import { run, without } from '../../../test/support/run.ts'
import { loadOrMakeKey, signWithSshKey } from './index.ts'

test('our signature holds for our own check and for ssh-keygen', {
  skip: without('ssh-keygen'),
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-sign-'))
  const key = await loadOrMakeKey(join(folder.path, 'key'), 'alice')
  const message = 'cvdnet-set 1\nname: acme\n'
  const armored = signWithSshKey(key, Buffer.from(message), 'cvdnet-set')
  const verdict = verifySshSignature(Buffer.from(message), armored, 'cvdnet-set')
  assert.ok(verdict.ok)
  assert.equal(verdict.value.publicKey, key.publicKey)
  assert.ok(!verifySshSignature(Buffer.from(`${message} `), armored, 'cvdnet-set').ok)
  const signers = join(folder.path, 'signers')
  await writeFile(signers, `alice ${key.publicKey}\n`)
  await writeFile(join(folder.path, 'sig'), armored)
  const args = ['-Y', 'verify', '-f', signers, '-I', 'alice', '-n', 'cvdnet-set']
  const real = await run('ssh-keygen', [...args, '-s', join(folder.path, 'sig')], {
    input: message,
  })
  assert.equal(real.status, 0, real.all)
})
