import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CLAMAV_KEYS } from '#formats/dsig/index.ts'
import { realData, withoutRealData } from '../../../test/support/run.ts'
import {
  describeRebuildFault,
  patchFile,
  type RebuildRequest,
  rebuildFile,
  rebuildInWorker,
} from './index.ts'

const skip = withoutRealData()
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-rebuild-'))
after(() => rmSync(folder, { recursive: true }))
const { signal } = new AbortController()
const cvd = (version: number) => realData(`clamav/test-${version}.cvd`)
const cdiffs = (...versions: readonly number[]) =>
  versions.map((version) => realData(`clamav/test-${version}.cdiff`))
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')

function request(change: Partial<RebuildRequest> = {}): RebuildRequest {
  return {
    old: cvd(1),
    patches: cdiffs(2),
    header: readFileSync(cvd(2)).subarray(0, 512),
    into: join(folder, 'test.cvd'),
    publishers: [CLAMAV_KEYS],
    signal,
    ...change,
  }
}

/** What the project's papers say of the published files, so that this test can fail if the data are others. */
const PUBLISHED = new Map([
  [2, 'bf82fa9ef2c8c65aead0ff3d167a116515890149b7612fc23d352cd9bf8bd930'],
  [3, 'a8e7208ce38d8b8495b066e309ae9ddac03c4c32e9718b57a8261b112a98a0df'],
  [4, '2a819bc88d28250e81f2221580fca98edae0f882f79dbfd3377aeeecc044f22c'],
  [5, 'e2c29148912adf0d408efdffd3e5cf145ca17f98d8ff94db3b78793f7421793c'],
])
for (const [version, published] of PUBLISHED) {
  test(`version ${version} comes out byte for byte of version 1, patches and a header`, {
    skip,
  }, async () => {
    const header = readFileSync(cvd(version)).subarray(0, 512)
    const patches = cdiffs(...[2, 3, 4, 5].filter((patch) => patch <= version))
    const end = await rebuildFile(request({ header, patches }))
    assert.ok(end.ok, end.ok ? '' : describeRebuildFault(end.fault))
    assert.equal(end.value.sha256, published)
    assert.equal(sha256(join(folder, 'test.cvd')), published)
  })
}

test('every real database packs to itself, also one of 2010 with another gzip head', {
  skip,
}, async () => {
  for (const name of ['bytecode.cvd', 'test-1.cvd', 'test-3.cvd']) {
    const old = realData(`clamav/${name}`)
    const end = await rebuildFile(request({ old, patches: [], header: readFileSync(old) }))
    assert.ok(end.ok, end.ok ? '' : describeRebuildFault(end.fault))
    assert.deepEqual(readFileSync(join(folder, 'test.cvd')), readFileSync(old))
  }
})

test('a thread of its own does the same, and tells what was wrong', { skip }, async () => {
  const end = await rebuildInWorker(request())
  assert.ok(end.ok)
  assert.equal(sha256(join(folder, 'test.cvd')), PUBLISHED.get(2))
  const wrong = await rebuildInWorker(request({ patches: cdiffs(3) }))
  assert.ok(!wrong.ok && wrong.fault.kind === 'not-the-next-patch')
  await assert.rejects(rebuildInWorker(request({ old: join(folder, 'none.cvd') })), {
    name: 'DatabaseFileError',
    code: 'not-found',
  })
})

test('patches alone give a .cld that verifies', { skip }, async () => {
  const into = join(folder, 'test.cld')
  const end = await patchFile({ ...request({ patches: cdiffs(2, 3, 4, 5) }), into })
  assert.ok(end.ok)
  assert.equal(end.value.header.version, 5)
})

/** A header with one field changed; nothing signs that one. */
function spoilt(at: number, text: string): Uint8Array {
  const header = readFileSync(cvd(2)).subarray(0, 512)
  const fields = header.toString('latin1').trimEnd().split(':')
  fields[at] = text
  return Buffer.from(fields.join(':').padEnd(512, ' '), 'latin1')
}

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e'
const REFUSED: readonly (readonly [string, () => Partial<RebuildRequest>, string])[] = [
  ['the wrong patch', () => ({ patches: cdiffs(3) }), 'not-the-next-patch'],
  ['a patch twice', () => ({ patches: cdiffs(2, 2) }), 'not-the-next-patch'],
  ['a patch too few', () => ({ patches: [] }), 'header-of-another-build'],
  ['half a header', () => ({ header: new Uint8Array(100) }), 'bad-header'],
  ['a header without MD5', () => ({ header: spoilt(5, 'X') }), 'bad-header'],
  [
    'a header of another build time',
    () => ({ header: spoilt(8, '1624395302') }),
    'header-of-another-build',
  ],
  [
    'a header of another builder',
    () => ({ header: spoilt(7, 'mallory') }),
    'header-of-another-build',
  ],
  ['another MD5', () => ({ header: spoilt(5, MD5) }), 'bytes-differ'],
  ['another signature', () => ({ header: spoilt(6, 'ab'.repeat(80)) }), 'result-not-verified'],
  ['a publisher whom nobody knows', () => ({ publishers: [] }), 'old-not-verified'],
  ['an old file that is none', () => ({ old: cdiffs(2)[0] ?? '' }), 'old-not-verified'],
]
for (const [situation, change, kind] of REFUSED) {
  test(`${situation} is refused, and what was there stays`, { skip }, async () => {
    const into = join(folder, 'kept.cvd')
    writeFileSync(into, 'old')
    const before = readdirSync(folder)
    const end = await rebuildFile(request({ into, ...change() }))
    assert.ok(!end.ok)
    assert.equal(end.fault.kind, kind, describeRebuildFault(end.fault))
    assert.equal(readFileSync(into, 'utf8'), 'old')
    assert.deepEqual(readdirSync(folder), before, 'nothing is left behind')
  })
}

test('a patch with one other byte is refused', { skip }, async () => {
  const path = join(folder, 'test-2.cdiff')
  cpSync(cdiffs(2)[0] ?? '', path)
  const bytes = readFileSync(path)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  writeFileSync(path, bytes)
  const end = await rebuildFile(request({ patches: [path] }))
  assert.ok(!end.ok && end.fault.kind === 'patch-not-applied')
})

test('who stops gets his reason, here and in a thread, and nothing is left behind', {
  skip,
}, async () => {
  const before = readdirSync(folder)
  for (const rebuild of [rebuildFile, rebuildInWorker]) {
    const stop = new AbortController()
    const rebuilding = rebuild(request({ into: join(folder, 'stopped.cvd'), signal: stop.signal }))
    stop.abort(new Error('enough'))
    await assert.rejects(rebuilding, /enough/)
  }
  assert.deepEqual(readdirSync(folder), before)
})
