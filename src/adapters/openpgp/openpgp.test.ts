import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, readdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run, without } from '../../../test/support/run.ts'
import { NetworkPgpKey, verifyDetached } from './index.ts'

const skip = without('gpg', 'gpgv')
const { signal } = new AbortController()
const DATA = Buffer.from('restrict,command="x" ssh-ed25519 AAAA rsync1\n')

test('the key is made once, and gpg --verify passes with what is published', { skip }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-pgp-'))
  // Longer than the path of a socket may be.
  const home = join(folder.path, 'x'.repeat(90), 'openpgp')
  const made = await NetworkPgpKey.open(home, 'clamav.test', signal)
  const { fingerprint } = made
  const signature = await made.sign(DATA)
  const publicKey = await made.publicKey()
  const keyring = await made.keyring()
  await made[Symbol.asyncDispose]()
  assert.equal((await stat(home)).mode & 0o777, 0o700)
  assert.deepEqual(
    (await readdir(home)).filter((name) => name.startsWith('S.')),
    [],
    'the agent has ended',
  )
  await using again = await NetworkPgpKey.open(home, 'clamav.test', signal)
  assert.equal(again.fingerprint, fingerprint)

  assert.deepEqual(await verifyDetached(DATA, signature, keyring, signal), {
    ok: true,
    value: fingerprint,
  })
  const at = (name: string) => join(folder.path, name)
  await writeFile(at('data'), DATA)
  await writeFile(at('data.asc'), signature)
  await writeFile(at('key.asc'), publicKey)
  await mkdir(at('operator'), { mode: 0o700 })
  const gpg = ['--homedir', at('operator'), '--batch', '--no-autostart']
  assert.equal((await run('gpg', [...gpg, '--import', at('key.asc')])).status, 0)
  const verified = await run('gpg', [...gpg, '--verify', at('data.asc'), at('data')])
  assert.equal(verified.status, 0, verified.err)
  assert.match(verified.err, /Good signature from "Mirror network of clamav\.test"/)
})

test('other data, another key and no signature are refused', { skip }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-pgp-'))
  await using key = await NetworkPgpKey.open(join(folder.path, 'a'), 'clamav.test', signal)
  await using other = await NetworkPgpKey.open(join(folder.path, 'b'), 'clamav.test', signal)
  const signature = await key.sign(DATA)
  const [ours, theirs] = [await key.keyring(), await other.keyring()]
  const changed = Buffer.concat([DATA, Buffer.from('ssh-ed25519 AAAA evil\n')])
  for (const [data, sign, keyring, why] of [
    [changed, signature, ours, /BAD signature/],
    [DATA, signature, theirs, /No public key/],
    [DATA, await other.sign(DATA), ours, /No public key/],
    [DATA, '', ours, /./],
    [DATA, 'VALIDSIG', ours, /./],
    [DATA, signature, Buffer.from('no keyring'), /./],
  ] as const) {
    const verdict = await verifyDetached(data, sign, keyring, signal)
    assert.match(verdict.ok ? 'believed' : verdict.fault.reason, why)
    assert.ok(!verdict.ok)
  }
})

test('two who open it at once make one key', { skip }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-pgp-'))
  const open = async () => {
    await using key = await NetworkPgpKey.open(join(folder.path, 'a'), 'clamav.test', signal)
    return key.fingerprint
  }
  const [one, two] = await Promise.all([open(), open()])
  assert.equal(one, two)
})
