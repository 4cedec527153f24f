import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dbVersion, generation, parseDbName, serial } from '#base/names.ts'
import { epochSeconds } from '#base/time.ts'
import type { Manifest } from '../release/manifest.ts'
import {
  byStage,
  compareHashes,
  compareNames,
  compareVersions,
  dateRule,
  describeSyncReason,
  hiddenBy,
  type KnownDatabase,
  lastModifiedOf,
  learn,
  manifestDigest,
  mayBeMixed,
  planPublish,
  stageOf,
} from './index.ts'

function manifestOf(files: Readonly<Record<string, number>>): Manifest {
  const [one, two] = [serial(1), generation(2)]
  assert.ok(one !== undefined && two !== undefined)
  const listed = Object.entries(files).map(([path, bytes]) => {
    return [path, { path, bytes, sha256: `hash of ${path}` }] as const
  })
  return { serial: one, generation: two, files: new Map(listed) }
}

function known(path: string, version: number, sha256: string): KnownDatabase {
  const name = parseDbName(path.replace('.cvd', ''))
  const number = dbVersion(version)
  assert.ok(name.ok && number !== undefined)
  return { path, name: name.value, version: number, sha256 }
}

const nothingHidden = hiddenBy([])

test('what is named by a file is published before it, and the timestamp comes last', () => {
  const wanted = [
    'main-5.cdiff',
    'daily.cvd-7.sign',
    'daily.cvd',
    'phish.cud',
    'database/viruses.db',
    'phish.ndb',
    'viruses.db',
    'viruses.md5',
    'dns.txt',
    'index.html',
    'mirrors.html',
    'tuf/1.root.json',
    'tuf/root.json',
    'tuf/targets.json',
    'tuf/snapshot.json',
    'tuf/timestamp.json',
    'timestamp',
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(wanted, { minLength: wanted.length }), (shuffled) => {
      const order = [...shuffled].sort(byStage)
      assert.equal(order.at(-1), 'timestamp')
      const at = (path: string) => order.indexOf(path)
      assert.ok(at('main-5.cdiff') < at('daily.cvd'))
      assert.ok(at('daily.cvd-7.sign') < at('daily.cvd'))
      assert.ok(at('daily.cvd') < at('viruses.db') && at('viruses.db') < at('viruses.md5'))
      assert.ok(at('viruses.md5') < at('dns.txt') && at('dns.txt') < at('tuf/root.json'))
      assert.deepEqual(
        order.filter((path) => path.startsWith('tuf/')).slice(2),
        wanted.slice(13, 16),
      )
    }),
  )
})

test('a .cvd is dated by its build, what DatabaseCustomURL fetches by its publication', () => {
  assert.equal(dateRule('daily.cvd'), 'built')
  for (const path of [
    'phish.cud',
    'phish.ndb',
    'viruses.db',
    'database/viruses.db',
    'index.html',
  ]) {
    assert.equal(dateRule(path), 'published', path)
  }
  assert.equal(dateRule('daily-7.cdiff'), 'as-sent')
  assert.equal(stageOf('sub/daily.cvd'), 'databases', 'examined wherever it lies')
})

test('a plan puts what differs, deletes what is not wanted, and keeps what is hidden', () => {
  const plan = planPublish({
    wanted: new Map([
      ['daily.cvd', 'new'],
      ['main.cvd', 'same'],
      ['notes.html', 'excluded'],
      ['timestamp', 'new'],
    ]),
    present: new Map([
      ['daily.cvd', 'old'],
      ['main.cvd', 'same'],
      ['timestamp', 'old'],
      ['foreign.txt', undefined],
      ['sub/gone.cdiff', 'old'],
      ['local_logo.png', undefined],
      ['sub/local_stats/x.html', undefined],
      ['notes.html', undefined],
    ]),
    hidden: hiddenBy(['/notes.html']),
    deleteShareMax: 0.5,
  })
  assert.deepEqual(plan.puts, ['daily.cvd', 'timestamp'])
  assert.deepEqual(plan.deletions, { kind: 'delete', paths: ['foreign.txt', 'sub/gone.cdiff'] })
})

function deletionsOf(wanted: number, extra: number, deleteShareMax = 0.5) {
  const names = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, at) => [`${prefix}${at}`, 'x'] as const)
  return planPublish({
    wanted: new Map(names(wanted, 'w')),
    present: new Map([...names(wanted, 'w'), ...names(extra, 'x')]),
    hidden: nothingHidden,
    deleteShareMax,
  }).deletions
}

test('deletions stop at half of the tree, but sixteen files may always go, and none for nothing', () => {
  assert.equal(deletionsOf(1, 16).kind, 'delete')
  assert.equal(deletionsOf(40, 40).kind, 'delete')
  const held = deletionsOf(39, 41)
  assert.ok(held.kind === 'held' && held.why.kind === 'too-many')
  assert.deepEqual([held.why.deletions, held.why.present, held.why.most], [41, 80, 40])
  assert.equal(deletionsOf(39, 41, 0.6).kind, 'delete')
  const empty = deletionsOf(0, 1)
  assert.ok(empty.kind === 'held' && empty.why.kind === 'nothing-wanted')
  assert.deepEqual(deletionsOf(0, 0), { kind: 'delete', paths: [] })
})

test('nothing named local_* is put or deleted at any depth, whatever the trees are', () => {
  const name = fc.constantFrom('a', 'b', 'local_x', 'local_', 'timestamp', 'daily.cvd')
  const tree = fc.dictionary(
    fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
    fc.constantFrom('1', '2'),
  )
  fc.assert(
    fc.property(tree, tree, (wanted, present) => {
      const plan = planPublish({
        wanted: new Map(Object.entries(wanted)),
        present: new Map(Object.entries(present)),
        hidden: nothingHidden,
        deleteShareMax: 1,
      })
      const touched = [...plan.puts, ...plan.deletions.paths]
      assert.ok(!touched.some((path) => path.split('/').some((part) => part.startsWith('local_'))))
      if (plan.puts.includes('timestamp')) assert.equal(plan.puts.at(-1), 'timestamp')
    }),
  )
})

test('a listing is the manifest’s, or every difference is named', () => {
  const manifest = manifestOf({ 'daily.cvd': 10, timestamp: 3, 'notes.html': 4 })
  const staged = new Map([
    ['daily.cvd', 10],
    ['timestamp', 3],
    ['tuf/root.json', 5],
    ['tuf/12.root.json', 5],
  ])
  const hidden = hiddenBy(['notes.*'])
  assert.deepEqual(compareNames(manifest, staged, hidden), [])
  staged.set('timestamp', 4).set('tuf/evil.cvd', 1).set('.x', 1)
  staged.delete('daily.cvd')
  assert.deepEqual(compareNames(manifest, staged, nothingHidden), [
    { kind: 'missing', path: 'daily.cvd' },
    { kind: 'wrong-size', path: 'timestamp', bytes: 4, expected: 3 },
    { kind: 'missing', path: 'notes.html' },
    { kind: 'extra', path: 'tuf/evil.cvd' },
    { kind: 'extra', path: '.x' },
  ])
  assert.deepEqual(compareNames(manifestOf({}), new Map(), hidden), [{ kind: 'empty-manifest' }])
  for (const path of ['local_logo.png', 'a/local_b', '../x', '.htaccess', 'a//b']) {
    const [fault] = compareNames(manifestOf({ [path]: 1 }), new Map([[path, 1]]), nothingHidden)
    assert.deepEqual(fault, { kind: 'reserved-name', path })
  }
})

test('other content is found by its hash', () => {
  const manifest = manifestOf({ a: 1, b: 1 })
  const good = new Map([...manifest.files.values()].map(({ path, sha256 }) => [path, sha256]))
  assert.deepEqual(compareHashes(manifest, good), [])
  const [fault, ...rest] = compareHashes(manifest, good.set('b', 'other'))
  assert.deepEqual([fault?.kind, rest.length], ['wrong-hash', 0])
  assert.equal(manifestDigest(manifest), manifestDigest(manifestOf({ b: 1, a: 1 })))
  assert.notEqual(manifestDigest(manifest), manifestDigest(manifestOf({ a: 1 })))
})

test('a version never goes down, also after the database was taken away for a while', () => {
  const before = learn(new Map(), [known('daily.cvd', 7, 'seven'), known('main.cvd', 3, 'three')])
  const without = learn(before, [known('daily.cvd', 8, 'eight')])
  assert.deepEqual(compareVersions(without, [known('main.cvd', 2, 'two')]), [
    { kind: 'version-went-down', path: 'main.cvd', from: 3, to: 2 },
  ])
  assert.deepEqual(compareVersions(without, [known('daily.cvd', 8, 'other')]), [
    { kind: 'same-version-other-bytes', path: 'daily.cvd', version: 8 },
  ])
  const fine = [known('daily.cvd', 9, 'x'), known('main.cvd', 3, 'three'), known('new.cvd', 1, 'y')]
  assert.deepEqual(compareVersions(without, fine), [])
})

test('patterns hide what rsync would not fetch', () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['*.tmp', ['a.tmp', 'x/y.tmp', 'd.tmp/inside'], ['a.tmp2']],
    ['/logs', ['logs', 'logs/a'], ['x/logs']],
    ['logs/', ['logs/a', 'x/logs/b'], ['logs', 'x/logs']],
    ['a/b', ['a/b', 'x/a/b', 'a/b/c'], ['a/x/b', 'xa/b']],
    ['/a/*/c', ['a/b/c'], ['a/b/b/c', 'x/a/b/c']],
    ['/a/**/c', ['a/b/c', 'a/b/b/c'], ['a/c']],
    ['v?[0-9].db', ['vx1.db'], ['vxx.db', 'v/1.db']],
    ['[!a]x', ['bx'], ['ax']],
    ['keep/***', ['keep/a/b', 'keep'], ['keeper']],
    ['a\\*b', ['a*b'], ['axb']],
    ['(a+', ['(a+'], ['aa']],
    ['[z-a]x', ['[z-a]x'], ['bx']],
  ]
  for (const [pattern, hides, shows] of cases) {
    const hidden = hiddenBy([pattern])
    for (const path of hides) assert.ok(hidden(path), `${pattern} hides ${path}`)
    for (const path of shows) assert.ok(!hidden(path), `${pattern} shows ${path}`)
  }
})

test('no pattern makes the rules throw', () => {
  const odd = fc.string({
    unit: fc.constantFrom('[', ']', '-', '!', '^', '\\', '*', '/', 'a', 'z', '?'),
  })
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), odd)), odd, (patterns, path) => {
      assert.equal(typeof hiddenBy(patterns)(path), 'boolean')
    }),
  )
})

test('a mixed tree is worth a second look, a rollback is not, and each says why', () => {
  assert.ok(mayBeMixed([{ kind: 'missing', path: 'a' }]))
  assert.equal(mayBeMixed([{ kind: 'generation-went-down', from: 2, to: 1 }]), false)
  const text = describeSyncReason({ kind: 'wrong-size', path: 'a', bytes: 1, expected: 2 })
  assert.equal(text, 'a has 1 bytes, the manifest says 2')
})

test('dates: kept for the same content, never older than what they replace', () => {
  const at = epochSeconds
  const base = { sha256: 'new', sentAt: at(50), builtAt: at(40), now: at(100) }
  const before = { sha256: 'old', lastModified: at(200) }
  assert.equal(lastModifiedOf({ ...base, path: 'daily.cvd', before }), 40)
  assert.equal(lastModifiedOf({ ...base, path: 'daily-7.cdiff', before: undefined }), 50)
  assert.equal(lastModifiedOf({ ...base, path: 'x.ndb', before: undefined }), 100)
  assert.equal(lastModifiedOf({ ...base, path: 'x.ndb', before }), 201)
  const same = { sha256: 'new', lastModified: at(7) }
  for (const path of ['daily.cvd', 'x.ndb', 'daily-7.cdiff']) {
    assert.equal(lastModifiedOf({ ...base, path, before: same }), 7)
  }
})
