import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import { aGeneration, aName, aSerial, aVersion } from '../../../test/support/values.ts'
import {
  manifestOf,
  parseRelease,
  planRelease,
  printRelease,
  type Release,
  type ReleaseFile,
} from './index.ts'

const at = epochSeconds(1_700_000_000)
const daily = aName('daily')

function database(version: number, bytes: number): ReleaseFile {
  const base = { path: 'daily.cvd', bytes, sha256: 'd', name: daily, version: aVersion(version) }
  return { kind: 'database', ...base, headerSha256: `h${version}`, builtAt: at, datedAt: at }
}

function patch(version: number, bytes: number): ReleaseFile {
  const path = `daily-${version}.cdiff`
  return {
    kind: 'patch',
    path,
    bytes,
    sha256: 'p',
    name: daily,
    version: aVersion(version),
    datedAt: at,
  }
}

/** Releases of `daily` from 1 to `last`, each with its patch. */
function history(last: number, wholeBytes: number, patchBytes: number): Release {
  let release: Release | undefined
  for (let version = 1; version <= last; version += 1) {
    const files = [
      database(version, wholeBytes),
      ...(version > 1 ? [patch(version, patchBytes)] : []),
    ]
    release = planRelease(release, { files, drop: [] }, aSerial(version), at)
  }
  assert.ok(release)
  return release
}

function patchesIn(release: Release): number[] {
  return [...release.files.values()]
    .filter(({ kind }) => kind === 'patch')
    .map(({ version }) => Number(version))
    .sort((a, b) => a - b)
}

test('light patches stay while they weigh less than the whole file together', () => {
  const kept = patchesIn(history(101, 1000, 20))
  assert.deepEqual([kept.length, kept[0], kept.at(-1)], [50, 52, 101])
})

test('thirty patches stay however heavy they are, and they are the newest without a gap', () => {
  const kept = patchesIn(history(60, 100, 100))
  assert.deepEqual(
    kept,
    Array.from({ length: 30 }, (_, index) => 31 + index),
  )
})

test('a new version replaces the old file, and what the set dropped is gone', () => {
  const before = history(3, 1000, 10)
  const after = planRelease(
    before,
    { files: [database(4, 900)], drop: ['daily-2.cdiff'] },
    aSerial(9),
    at,
  )
  assert.equal(after.files.get('daily.cvd')?.version, 4)
  assert.deepEqual(patchesIn(after), [3])
  assert.deepEqual(patchesIn(before), [2, 3])
})

test('a database has its header beside it while a patch leads to its version', () => {
  const headerIn = (release: Release) => release.files.get('daily.cvd.header')
  assert.equal(headerIn(history(1, 1000, 10)), undefined)
  const patched = history(2, 1000, 10)
  const { kind, bytes, sha256, version } = headerIn(patched) ?? {}
  assert.deepEqual([kind, bytes, sha256, version], ['header', 512, 'h2', 2])
  const same = planRelease(patched, { files: [], drop: [] }, aSerial(3), at)
  assert.deepEqual(headerIn(same), headerIn(patched))
  const whole = planRelease(patched, { files: [database(3, 900)], drop: [] }, aSerial(3), at)
  assert.equal(headerIn(whole), undefined)
  assert.equal(headerIn(history(2, 1000, 0)), undefined, 'an empty patch makes nothing')
})

test('a database that was published before headers were gets none', () => {
  const { headerSha256: _none, ...old } = { headerSha256: '', ...database(2, 900) }
  const release = planRelease(undefined, { files: [old, patch(2, 1)], drop: [] }, aSerial(1), at)
  assert.deepEqual([...release.files.keys()], ['daily.cvd', 'daily-2.cdiff'])
  const again = parseRelease(printRelease(release))
  assert.ok(again.ok)
  assert.deepEqual(again.value, release)
})

test('law: a release that is printed and read again is the same', () => {
  const release = history(5, 1000, 10)
  const again = parseRelease(printRelease(release))
  assert.ok(again.ok)
  assert.deepEqual(again.value, release)
})

test('law: no text makes the reader of releases throw', () => {
  const document = fc.json({ maxDepth: 4 })
  fc.assert(fc.property(fc.oneof(fc.string(), document), (text) => void parseRelease(text)))
  const good = printRelease(history(2, 10, 1))
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.string({ maxLength: 3 }), (cut, text) => {
      void parseRelease(good.slice(0, cut) + text + good.slice(cut + 1))
    }),
  )
})

test('the manifest lists the release and the pointers', () => {
  const pointer = { path: 'timestamp', bytes: 5, sha256: 't' }
  const manifest = manifestOf(history(2, 10, 1), aGeneration(7), [pointer])
  assert.deepEqual(
    [...manifest.files.keys()],
    ['daily.cvd', 'daily-2.cdiff', 'daily.cvd.header', 'timestamp'],
  )
  assert.equal(manifest.generation, 7)
})
