import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { dbVersion } from '#base/names.ts'
import { CDIFF_BYTES_MAX, printSignedPart } from '#formats/cdiff/index.ts'
import { publicKeys, signSha256 } from '#formats/dsig/index.ts'
import { TEST_SECRETS } from '../../formats/dsig/test-secrets.ts'
import { applyPatchFile, DiskFolder, PatchError } from './index.ts'

const OPTIONS = {
  publishers: [publicKeys(TEST_SECRETS)],
  signal: new AbortController().signal,
}

function signedPatch(version: number, script: string): Uint8Array {
  const number = dbVersion(version)
  assert.ok(number !== undefined)
  const part = printSignedPart(number, Buffer.byteLength(script), gzipSync(script))
  const digest = createHash('sha256').update(part).digest()
  let salts = 0
  const signature = signSha256(digest, TEST_SECRETS.patch, () => new Uint8Array(32).fill(salts++))
  return Buffer.concat([part, Buffer.from(`:${signature}`)])
}

async function applied(name: string, bytes: Uint8Array, content = 'one\ntwo\n') {
  using place = mkdtempDisposableSync(join(tmpdir(), 'patches-'))
  using scratch = mkdtempDisposableSync(join(tmpdir(), 'patches-scratch-'))
  writeFileSync(join(place.path, name), bytes)
  writeFileSync(join(scratch.path, 'a.ndb'), content)
  const end = await applyPatchFile(join(place.path, name), new DiskFolder(scratch.path), OPTIONS)
  const files = readdirSync(scratch.path).map(
    (file) => [file, readFileSync(join(scratch.path, file), 'utf8')] as const,
  )
  return { end, files: Object.fromEntries(files) }
}

const GOOD = signedPatch(8, 'OPEN a.ndb\nDEL 1 one\nADD three\nCLOSE\n')

test('a signed patch is applied to the members on disk', async () => {
  const { end, files } = await applied('daily-8.cdiff', GOOD)
  assert.ok(end.ok && end.value.version === 8 && end.value.publisher === 'test-publisher')
  assert.deepEqual(files, { 'a.ndb': 'two\nthree\n' })
})

test('a patch that does not fit leaves no draft behind', async () => {
  const { end, files } = await applied('daily-8.cdiff', GOOD, 'uno\n')
  assert.deepEqual(end.ok || end.fault, {
    kind: 'patch-does-not-fit',
    fault: { kind: 'pattern-differs', line: 2, file: 'a.ndb' },
  })
  assert.deepEqual(files, { 'a.ndb': 'uno\n' })
})

const flipped = Buffer.from(GOOD)
flipped[60] = (flipped[60] ?? 0) ^ 1
const REFUSED: readonly (readonly [string, string, Uint8Array, string])[] = [
  ['another name', 'daily.cdiff', GOOD, 'not-a-patch-name'],
  ['the name of another version', 'daily-9.cdiff', GOOD, 'other-patch-version'],
  ['a flipped byte', 'daily-8.cdiff', flipped, 'patch-not-signed-by'],
  ['no bytes', 'daily-8.cdiff', new Uint8Array(0), 'empty-patch'],
  ['a script that cannot be read', 'daily-8.cdiff', signedPatch(8, 'OPEN ../a\n'), 'bad-file-name'],
]
for (const [situation, name, bytes, kind] of REFUSED) {
  test(`a patch with ${situation} is refused as ${kind}, and nothing is touched`, async () => {
    const { end, files } = await applied(name, bytes)
    assert.ok(!end.ok)
    assert.equal(end.fault.kind === 'patch-refused' ? end.fault.fault.kind : end.fault.kind, kind)
    assert.deepEqual(files, { 'a.ndb': 'one\ntwo\n' })
  })
}

test('a huge file is refused by its size, without being read', async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'patches-'))
  const path = join(place.path, 'daily-8.cdiff')
  writeFileSync(path, GOOD)
  truncateSync(path, 4 * 1024 ** 3)
  const end = await applyPatchFile(path, new DiskFolder(place.path), OPTIONS)
  assert.ok(!end.ok && end.fault.kind === 'patch-refused')
  assert.deepEqual(end.fault.fault, {
    kind: 'patch-too-large',
    bytes: CDIFF_BYTES_MAX + 1,
    bytesMax: CDIFF_BYTES_MAX,
  })
})

test('a missing file and a folder that is gone are told apart from bad data', async () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'patches-'))
  const path = join(place.path, 'daily-8.cdiff')
  const gone = new DiskFolder(join(place.path, 'gone'))
  const codeOf = (code: PatchError['code']) => (error: unknown) =>
    error instanceof PatchError && error.code === code && error.cause !== undefined
  await assert.rejects(applyPatchFile(path, gone, OPTIONS), codeOf('cannot-read'))
  writeFileSync(path, signedPatch(8, 'OPEN b.ndb\nADD x\nCLOSE\n'))
  await assert.rejects(applyPatchFile(path, gone, OPTIONS), codeOf('cannot-write'))
})
