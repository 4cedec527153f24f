import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { dbVersion, parseDbName } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import type { BuildKind } from '#formats/cvd/index.ts'
import { syncsAround } from '../../../test/support/syncs.ts'
import { fakePublisher } from '../../formats/cvd/fake-publisher.ts'
import {
  type BuildFileRequest,
  buildFile,
  DatabaseDraft,
  describeBuildFault,
  examineFile,
  fromDisk,
} from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'cvdnet-build-file-'))
after(() => rmSync(folder, { recursive: true }))
const { signal } = new AbortController()
const { verifier, ...signer } = fakePublisher('acme')

function folderOf(title: string, files: Readonly<Record<string, string>>): string {
  const path = join(folder, title)
  mkdirSync(path)
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return path
}

function request(from: string, how: BuildKind, change: Partial<BuildFileRequest> = {}) {
  const name = parseDbName('acme')
  const version = dbVersion(3)
  assert.ok(name.ok && version !== undefined)
  return {
    folder: from,
    into: join(folder, `acme.${how.kind}`),
    how,
    name: name.value,
    version,
    builder: 'tester',
    builtAt: epochSeconds(1_700_000_000),
    functionalityLevel: 216,
    signal,
    ...change,
  } satisfies BuildFileRequest
}

const NDB = 'Test.A:0:*:deadbeef\n#\nTest.B:0:*:deadbeef\n'

test('each kind passes its own examination', async () => {
  const from = folderOf('kinds', { 'acme.ndb': NDB, 'other.txt': '' })
  for (const how of [{ kind: 'cud' }, { kind: 'cvd', signer }, { kind: 'cld', signer }] as const) {
    const built = await buildFile(request(from, how))
    assert.ok(built.ok)
    assert.deepEqual(built.value.leftOut, ['other.txt'])
    const path = join(folder, `acme.${how.kind}`)
    const found = await examineFile(path, { verifiers: [verifier], signal })
    assert.deepEqual(found.faults, [], how.kind)
    assert.equal(found.header?.signatures, 2)
    assert.equal(found.bytes, built.value.bytes)
    assert.equal(found.signedBy, how.kind === 'cud' ? undefined : 'acme')
  }
})

test('an MD5 that begins with a zero byte is built again, a second later', async () => {
  const from = folderOf('zero', { 'acme.ndb': NDB })
  const md5Of = () => readFileSync(join(folder, 'acme.cud')).subarray(512)
  let later = 0
  for (let at = 1_700_000_000; later === 0; at += 1) {
    assert.ok(at < 1_700_005_000)
    const built = await buildFile(request(from, { kind: 'cud' }, { builtAt: epochSeconds(at) }))
    assert.ok(built.ok)
    const md5 = createHash('md5').update(md5Of()).digest('hex')
    assert.equal(built.value.header.md5, md5)
    assert.doesNotMatch(md5, /^00/)
    later = built.value.header.builtAt - at
  }
  assert.equal(later, 1)
  const found = await examineFile(join(folder, 'acme.cud'), { verifiers: [], signal })
  assert.deepEqual(found.faults, [])
})

const REFUSED: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
  ['no file of this name', { 'other.ndb': NDB }, /holds no file for this database/],
  ['an empty file', { 'acme.ndb': '' }, /acme\.ndb: no bytes/],
  ['an empty file without lines', { 'acme.cfg': '' }, /acme\.cfg: no bytes/],
  ['a line that no engine reads', { 'acme.ndb': 'nonsense\n' }, /acme\.ndb line 1: 1 fields/],
  ['a line without end', { 'acme.hdb': 'x' }, /acme\.hdb line 1: the last line has no line end/],
]
for (const [situation, files, reason] of REFUSED) {
  test(`a folder with ${situation} is refused, and leaves what was there`, async () => {
    const from = folderOf(`refused ${situation}`, files)
    const into = join(from, 'acme.cud')
    writeFileSync(into, 'old')
    const built = await buildFile(request(from, { kind: 'cud' }, { into }))
    assert.ok(!built.ok)
    assert.match(built.fault.map(describeBuildFault).join('\n'), reason)
    assert.equal(readFileSync(into, 'utf8'), 'old')
  })
}

test('a builder that would not fit the header is refused', async () => {
  const from = folderOf('builder', { 'acme.ndb': NDB })
  const built = await buildFile(request(from, { kind: 'cud' }, { builder: 'a:b' }))
  assert.ok(!built.ok && built.fault[0]?.kind === 'bad-header')
})

test('an aborted build leaves nothing behind', async () => {
  const from = folderOf('aborted', { 'acme.ndb': NDB })
  const stop = new AbortController()
  stop.abort(new Error('enough'))
  const into = join(from, 'acme.cud')
  const building = buildFile(request(from, { kind: 'cud' }, { into, signal: stop.signal }))
  await assert.rejects(building, /enough/)
  assert.deepEqual(readdirSync(from), ['acme.ndb'])
})

test('a member that changed between hashing and packing is an error', async () => {
  const from = folderOf('changed', { 'acme.ndb': NDB })
  for (const change of ['x', `${NDB}x`, NDB.replace('A', 'C')]) {
    writeFileSync(join(from, 'acme.ndb'), change)
    const sha256 = createHash('sha256').update(NDB).digest('hex')
    const member = fromDisk(from, { name: 'acme.ndb', bytes: NDB.length, sha256 }, signal)
    await assert.rejects(
      async () => {
        for await (const _ of member.read());
      },
      { code: 'changed-meanwhile' },
    )
  }
})

test('a folder that is not there is an error with its cause', async () => {
  const building = buildFile(request(join(folder, 'nowhere'), { kind: 'cud' }))
  await assert.rejects(building, { code: 'not-found' })
})

test('a database is durable before it has its name', async () => {
  const from = folderOf('durable', { 'acme.ndb': NDB })
  const wanted = request(from, { kind: 'cud' }, { into: join(folder, 'durable.cud') })
  const syncs = await syncsAround(wanted.into, () => buildFile(wanted))
  assert.deepEqual(syncs, ['file before', 'folder after'])
})

test('a second try that comes out shorter leaves nothing of the first', async () => {
  const into = join(folder, 'shorter.cld')
  const member = (bytes: number) => ({
    name: 'COPYING',
    bytes,
    async *read() {
      yield Buffer.alloc(bytes, 'x')
    },
  })
  await using draft = await DatabaseDraft.open(into)
  await draft.writePayload([member(4096)], { gzipHeads: [], signal })
  const { bytes } = await draft.writePayload([member(5)], { gzipHeads: [], signal })
  await draft.finish()
  assert.equal(readFileSync(into).byteLength, 512 + bytes)
})
