import assert from 'node:assert/strict'
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { printCdiff } from '#formats/cdiff/index.ts'
import {
  printPublisherKeys,
  printPublisherSecrets,
  publicKeys,
  signMd5,
  verifySha256,
} from '#formats/dsig/index.ts'
import { TEST_SECRETS } from '#formats/dsig/test-secrets.ts'
import { writeOwnDatabase } from '../../test/support/own-database.ts'
import { run } from '../../test/support/run.ts'
import { type SignatureShape, signShaped, withMd5 } from '../../test/support/sign-by-hand.ts'
import { aVersion } from '../../test/support/values.ts'

const ZERO: SignatureShape = { head: (byte) => byte === 0 }

async function world() {
  const { path, remove } = await mkdtempDisposable(join(tmpdir(), 'cvdnet-lost-zeros-'))
  const at = (...parts: readonly string[]) => join(path, ...parts)
  await writeFile(at('keys'), printPublisherKeys(publicKeys(TEST_SECRETS)))
  await writeFile(at('secrets'), printPublisherSecrets(TEST_SECRETS), { mode: 0o600 })
  const signer = {
    header: (md5: Uint8Array) => signMd5(md5, TEST_SECRETS.header),
    info: (sha256: Uint8Array) => signShaped(sha256, TEST_SECRETS.info, ZERO),
  }
  const members = (version: number) => ({ ndb: 'Test.A:0:*:deadbeef\n'.repeat(version) })
  const database = async (version: number, shape: 'good' | 'bad' | 'bad-md5') => {
    const how = { name: 'acme', version, members: members(version) }
    const bad = { ...how, ...(shape === 'bad' ? { signer } : {}) }
    const file = at(`acme-${version}.cvd`)
    await writeOwnDatabase(file, TEST_SECRETS, bad)
    if (shape === 'bad-md5') {
      const bytes = withMd5(await readFile(file), TEST_SECRETS, (byte) => byte === 0)
      await writeFile(file, bytes)
    }
    return file
  }
  const cvdnet = async (...args: readonly string[]) =>
    await run(process.execPath, ['bin/cvdnet.ts', 'cvd', ...args, '--keys', at('keys')])
  return { at, database, cvdnet, [Symbol.asyncDispose]: remove }
}

test('a database that most engines refuse is told by verify and info, with what to do', async () => {
  await using it = await world()
  const [good, bad] = [await it.database(1, 'good'), await it.database(2, 'bad')]
  const both = await it.cvdnet('verify', good, bad)
  assert.equal(both.status, 1)
  assert.match(both.out, /acme-1\.cvd: verified, signed by test-publisher\n/)
  assert.match(
    both.out,
    /acme-2\.cvd: signed by test-publisher, but engines 1\.1 to 1\.4 REFUSE it/,
  )
  assert.match(both.err, /^\S*acme-2\.cvd: .*list of members.* begins with 00.*; build it again/)
  const info = await it.cvdnet('info', '--json', bad)
  assert.equal(info.status, 1)
  const { verdict, verified, signedBy, reasons, faults } = JSON.parse(info.out)
  assert.deepEqual(
    [verdict, verified, signedBy, faults],
    ['refused-by-engines', false, 'test-publisher', []],
  )
  assert.match(reasons.join(), /begins with 00/)
  const md5 = await it.database(3, 'bad-md5')
  for (const outer of [[], ['--outer']]) {
    const header = await it.cvdnet('verify', ...outer, md5)
    assert.equal(header.status, 1)
    assert.match(header.err, /the MD5 that its header signs begins with 00/)
  }
})

test('what is inside is genuine: unpack and diff go on, and warn; the patch is a good one', async () => {
  await using it = await world()
  const [bad, good] = [await it.database(1, 'bad'), await it.database(2, 'good')]
  const unpacked = await it.cvdnet('unpack', bad, it.at('members'))
  assert.equal(unpacked.status, 0, unpacked.all)
  assert.match(unpacked.err, /acme-1\.cvd: .* begins with 00/)
  const patch = it.at('acme-2.cdiff')
  const made = await it.cvdnet('diff', bad, good, '--key', it.at('secrets'), '-o', patch)
  assert.equal(made.status, 0, made.all)
  assert.match(made.err, /acme-1\.cvd: .* begins with 00/)
  const verified = await it.cvdnet('verify', patch)
  assert.equal(verified.status, 0, verified.all)
})

test('a patch that most engines refuse is told by verify and info', async () => {
  await using it = await world()
  const script = Buffer.from('OPEN acme.ndb\nADD Test.B:0:*:cafebabe\nCLOSE\n')
  const patch = printCdiff(aVersion(2), script, (sha256) => {
    const text = signShaped(sha256, TEST_SECRETS.patch, ZERO)
    assert.ok(verifySha256(sha256, text, TEST_SECRETS.patch).ok)
    return text
  })
  assert.ok(patch.ok)
  const file = it.at('acme-2.cdiff')
  await writeFile(file, patch.value)
  for (const look of ['verify', 'info']) {
    const said = await it.cvdnet(look, file)
    assert.equal(said.status, 1)
    assert.match(said.out, /signed by test-publisher, but engines 1\.1 to 1\.4 REFUSE it/)
    assert.match(said.err, /acme-2\.cdiff: .* begins with 00.*; sign it again/)
  }
  // As freshclam does, save that it would not do this.
  const applied = await it.cvdnet(
    ...['apply', await it.database(1, 'good'), file, '-o', it.at('acme.cld')],
  )
  assert.match(applied.err, /acme-2\.cdiff: .* begins with 00/)
  const document = JSON.parse((await it.cvdnet('info', '--json', file)).out)
  assert.deepEqual([document.verified, document.signedBy], [false, 'test-publisher'])
})
