import assert from 'node:assert/strict'
import { cp, mkdtempDisposable, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Generation, generation, type Serial, serial } from '#base/names.ts'
import { epochMs } from '#base/time.ts'
import type { Manifest } from '#core/release/manifest.ts'
import { makeNetworkKeys, TufSigner, TufVerifier } from './index.ts'

const signal = new AbortController().signal
const now = epochMs(Date.now())
const DAY_MS = 24 * 3_600_000

function manifest(at: number): Manifest {
  const files = ['daily.cvd', 'database/viruses.db', 'timestamp'].map((path) => ({
    path,
    bytes: at,
    sha256: 'ab'.repeat(32),
  }))
  return {
    serial: serial(at) ?? (0 as Serial),
    generation: generation(at) ?? (0 as Generation),
    files: new Map(files.map((file) => [file.path, file])),
  }
}

async function network(folder: string) {
  await makeNetworkKeys(join(folder, 'keys'), now)
  const signer = await TufSigner.load(join(folder, 'keys'))
  const verifier = new TufVerifier({
    folder: join(folder, 'trusted'),
    rootFile: join(folder, 'keys', 'root.json'),
  })
  const tree = (at: number) => join(folder, `tree-${at}`)
  return { signer, verifier, tree }
}

test('a signed manifest is believed and read back whole', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-tuf-'))
  const { signer, verifier, tree } = await network(folder.path)
  await signer.sign(tree(3), manifest(3), now)
  const verdict = await verifier.verify(tree(3), signal)
  assert.ok(verdict.ok)
  assert.deepEqual(verdict.value.manifest, manifest(3))
})

test('an accepted generation is never followed by an older one, an unaccepted one may be', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-tuf-'))
  const { signer, verifier, tree } = await network(folder.path)
  for (const at of [3, 4]) await signer.sign(tree(at), manifest(at), now)
  const newest = await verifier.verify(tree(4), signal)
  assert.ok(newest.ok)
  assert.ok((await verifier.verify(tree(3), signal)).ok)
  await newest.value.accept()
  assert.ok((await verifier.verify(tree(4), signal)).ok)
  const older = await verifier.verify(tree(3), signal)
  assert.ok(!older.ok)
  assert.match(JSON.stringify(older.fault), /less than current version 4/)
})

test('a changed, missing, foreign or expired manifest is not believed', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-tuf-'))
  const { signer, verifier, tree } = await network(folder.path)
  await signer.sign(tree(3), manifest(3), now)
  const broken = tree(33)
  for (const role of ['targets', 'snapshot', 'timestamp']) {
    await cp(tree(3), broken, { recursive: true })
    const file = join(broken, 'tuf', `${role}.json`)
    await writeFile(file, (await readFile(file, 'utf8')).replace('"version": 3', '"version": 5'))
    assert.ok(!(await verifier.verify(broken, signal)).ok, role)
    await rm(file)
    assert.ok(!(await verifier.verify(broken, signal)).ok, `${role} missing`)
  }
  await makeNetworkKeys(join(folder.path, 'foreign'), now)
  await (await TufSigner.load(join(folder.path, 'foreign'))).sign(tree(9), manifest(9), now)
  assert.ok(!(await verifier.verify(tree(9), signal)).ok, 'foreign')
  await signer.sign(tree(2), manifest(2), epochMs(now - 3 * DAY_MS))
  const expired = await verifier.verify(tree(2), signal)
  assert.ok(!expired.ok)
  assert.match(JSON.stringify(expired.fault), /expired/)
})

test('a path that could leave the document root is not believed even when signed', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-tuf-'))
  const { signer, verifier, tree } = await network(folder.path)
  for (const path of ['../x', '/etc/x', '.hidden', 'a/../b', 'a//b']) {
    const files = new Map([[path, { path, bytes: 1, sha256: 'ab'.repeat(32) }]])
    await signer.sign(tree(1), { ...manifest(1), files }, now)
    assert.ok(!(await verifier.verify(tree(1), signal)).ok, path)
  }
})
