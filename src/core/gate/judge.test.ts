import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochMs, epochSeconds } from '#base/time.ts'
import type { Release, ReleaseFile } from '#core/release/index.ts'
import { aName, aSerial, aVersion } from '../../../test/support/values.ts'
import type { DatabaseFacts, PatchFacts, PlainSetFacts, SetFacts } from './facts.ts'
import { describeReason, judge, type Releaser } from './index.ts'

const BUILT = 1_700_000_000
const now = epochMs((BUILT + 3600) * 1000)
const alice: Releaser = { name: 'alice', keys: ['ssh-ed25519 AAAA'], databases: ['daily', 'acme'] }
const NOTHING: SetFacts = {
  databases: [],
  patches: [],
  sets: [],
  strangers: [],
  unlisted: [],
  detachedSignatures: [],
}

function database(change: Partial<DatabaseFacts> = {}): DatabaseFacts {
  return {
    file: 'daily.cvd',
    bytes: 1000,
    sha256: 'new',
    name: aName('daily'),
    header: {
      version: aVersion(8),
      builtAt: epochSeconds(BUILT + 600),
      builtAtInWords: epochSeconds(BUILT + 570),
      md5: 'ab00',
    },
    members: ['COPYING', 'daily.info', 'daily.ndb'],
    signedBy: 'ClamAV',
    faults: [],
    ...change,
  }
}

function header(change: Partial<NonNullable<DatabaseFacts['header']>>): Partial<DatabaseFacts> {
  const { header: good } = database()
  assert.ok(good)
  return { header: { ...good, ...change } }
}

function published(...files: readonly ReleaseFile[]): Release {
  return {
    serial: aSerial(4),
    publishedAt: epochSeconds(BUILT),
    files: new Map(files.map((file) => [file.path, file])),
  }
}

const dailySeven: ReleaseFile = {
  kind: 'database',
  path: 'daily.cvd',
  bytes: 900,
  sha256: 'old',
  name: aName('daily'),
  version: aVersion(7),
  builtAt: epochSeconds(BUILT),
  datedAt: epochSeconds(BUILT),
}

function patch(change: Partial<PatchFacts> = {}): PatchFacts {
  return {
    file: 'daily-8.cdiff',
    bytes: 400,
    sha256: 'patch',
    name: aName('daily'),
    version: aVersion(8),
    signedBy: 'ClamAV',
    faults: [],
    leads: { kind: 'yes' },
    ...change,
  }
}

function reasonsOf(facts: Partial<SetFacts>, release: Release | undefined, who = alice): string[] {
  const verdict = judge({ ...NOTHING, ...facts }, who, release, now)
  return verdict.kind === 'refused' ? verdict.reasons.map(({ kind }) => kind) : []
}

test('a good newer database is accepted and dated by its build time', () => {
  const verdict = judge({ ...NOTHING, databases: [database()] }, alice, published(dailySeven), now)
  assert.equal(verdict.kind, 'accepted')
  const [file] = verdict.kind === 'accepted' ? verdict.files : []
  assert.equal(file?.path, 'daily.cvd')
  assert.equal(file?.datedAt, BUILT + 600)
})

test('the very same bytes again are nothing to do, not a fault', () => {
  const again = database({ sha256: 'old', ...header({ version: aVersion(7) }) })
  const verdict = judge({ ...NOTHING, databases: [again] }, alice, published(dailySeven), now)
  assert.equal(verdict.kind, 'already-published')
})

const REFUSED: readonly [string, Partial<DatabaseFacts>, string][] = [
  ['a damaged file', { faults: ['the MD5 differs'] }, 'damaged'],
  ['a test database passed off as daily', { members: ['COPYING', 'test.info'] }, 'wrong-content'],
  ['an older version', header({ version: aVersion(6) }), 'older-version'],
  [
    'the published version with other bytes',
    header({ version: aVersion(7) }),
    'same-version-other-bytes',
  ],
  [
    'a build time not later than the published',
    header({ builtAt: epochSeconds(BUILT), builtAtInWords: undefined }),
    'built-no-later',
  ],
  [
    'a build time in the future',
    header({ builtAt: epochSeconds(BUILT + 4000), builtAtInWords: undefined }),
    'built-in-future',
  ],
  [
    'a header whose two times differ',
    header({ builtAtInWords: epochSeconds(BUILT + 500) }),
    'build-times-differ',
  ],
  [
    "a third party's MD5 with leading zeros",
    { signedBy: 'acme', ...header({ md5: '00ab' }) },
    'md5-with-leading-zeros',
  ],
  [
    'a database of somebody else',
    { file: 'main.cvd', name: aName('main'), members: ['main.info'] },
    'not-yours',
  ],
]

for (const [situation, change, reason] of REFUSED) {
  test(`refused: ${situation}`, () => {
    assert.deepEqual(reasonsOf({ databases: [database(change)] }, published(dailySeven)), [reason])
  })
}

test('five minutes ahead are forgiven, a second more is not', () => {
  const ahead = (by: number) =>
    reasonsOf(
      {
        databases: [
          database(header({ builtAt: epochSeconds(BUILT + 3600 + by), builtAtInWords: undefined })),
        ],
      },
      undefined,
    )
  assert.deepEqual(ahead(300), [])
  assert.deepEqual(ahead(301), ['built-in-future'])
})

test('every reason is told at once, each naming its file', () => {
  const bad = database({ faults: ['one', 'two'], ...header({ version: aVersion(6) }) })
  const facts = {
    ...NOTHING,
    databases: [bad],
    strangers: [{ file: 'notes.txt', hint: 'no' }],
    detachedSignatures: ['daily-8.cvd.sign'],
  }
  const verdict = judge(facts, alice, published(dailySeven), now)
  assert.ok(verdict.kind === 'refused')
  assert.equal(verdict.reasons.length, 5)
  const sentences = verdict.reasons.map(describeReason)
  for (const file of ['notes.txt', 'daily-8.cvd.sign', 'daily.cvd']) {
    assert.ok(
      sentences.some((sentence) => sentence.startsWith(`${file}: `)),
      file,
    )
  }
})

test('an empty upload is refused', () => {
  assert.deepEqual(reasonsOf({}, undefined), ['nothing-uploaded'])
})

const PATCHES: readonly [string, Partial<PatchFacts>, string | undefined][] = [
  ['one that leads there', {}, undefined],
  ['one that leads elsewhere', { leads: { kind: 'no', reason: 'x' } }, 'patch-leads-elsewhere'],
  ['one that nobody tried', { leads: { kind: 'not-tried' } }, 'patch-leads-elsewhere'],
  ['one by another publisher', { signedBy: 'acme' }, 'patch-by-other-publisher'],
  ['one to a version that is not on the way', { version: aVersion(9) }, 'patch-out-of-line'],
  ['one of another database', { name: aName('main') }, 'patch-without-database'],
]

for (const [situation, change, reason] of PATCHES) {
  test(`a patch beside its database: ${situation}`, () => {
    const facts = { databases: [database()], patches: [patch(change)] }
    assert.deepEqual(reasonsOf(facts, published(dailySeven)), reason === undefined ? [] : [reason])
  })
}

test('a patch to the first version of a database has nothing to lead from', () => {
  const facts = { databases: [database()], patches: [patch({ leads: { kind: 'not-tried' } })] }
  assert.deepEqual(reasonsOf(facts, undefined), ['patch-without-base'])
})

function plainSet(change: Partial<PlainSetFacts> = {}): PlainSetFacts {
  return {
    file: 'acme.set',
    bytes: 100,
    sha256: 'set',
    name: aName('acme'),
    version: aVersion(3),
    signature: {
      kind: 'good',
      key: 'ssh-ed25519 AAAA',
      file: 'acme.set.sig',
      bytes: 300,
      sha256: 's',
    },
    files: [{ file: 'acme.ndb', bytes: 50, sha256: 'n', faults: [] }],
    listed: [{ file: 'acme.ndb', sha256: 'n' }],
    faults: [],
    ...change,
  }
}

const acmeThree: ReleaseFile = {
  kind: 'set',
  path: 'acme.set',
  bytes: 1,
  sha256: 'x',
  name: aName('acme'),
  version: aVersion(3),
  datedAt: epochSeconds(BUILT),
}

// Decision 1b.
const SETS: readonly [string, Partial<PlainSetFacts>, Release | undefined, string | undefined][] = [
  ['a signed set', {}, undefined, undefined],
  ['an unsigned set', { signature: { kind: 'missing' } }, undefined, 'set-unsigned'],
  [
    'a signature that does not hold',
    { signature: { kind: 'bad', reason: 'x' } },
    undefined,
    'set-signature-bad',
  ],
  ['a file that was not uploaded', { files: [] }, undefined, 'set-file-missing'],
  [
    'a file with another hash',
    { listed: [{ file: 'acme.ndb', sha256: 'z' }] },
    undefined,
    'set-file-differs',
  ],
  [
    'a broken line in a file',
    { files: [{ file: 'acme.ndb', bytes: 5, sha256: 'n', faults: ['line 3'] }] },
    undefined,
    'damaged',
  ],
  ['the published number again', {}, published(acmeThree), 'same-version-other-bytes'],
  ['a lower number', { version: aVersion(2) }, published(acmeThree), 'older-version'],
  ['a name that is not his', { name: aName('other'), file: 'other.set' }, undefined, 'not-yours'],
]

for (const [situation, change, release, reason] of SETS) {
  test(`plain files: ${situation}`, () => {
    assert.deepEqual(
      reasonsOf({ sets: [plainSet(change)] }, release),
      reason === undefined ? [] : [reason],
    )
  })
}

test('a set signed with a key that is not the releaser’s is refused', () => {
  const signature = {
    kind: 'good',
    key: 'ssh-ed25519 BBBB',
    file: 'acme.set.sig',
    bytes: 1,
    sha256: 's',
  } as const
  assert.deepEqual(reasonsOf({ sets: [plainSet({ signature })] }, undefined), [
    'set-signed-by-other',
  ])
})

test('a set may not take over the file of another one', () => {
  const theirs: ReleaseFile = {
    ...acmeThree,
    kind: 'plain',
    path: 'acme.ndb',
    name: aName('other'),
  }
  assert.deepEqual(reasonsOf({ sets: [plainSet()] }, published(theirs)), ['set-file-of-other'])
})

test('a plain file that the new set no longer lists leaves the release', () => {
  const gone: ReleaseFile = { ...acmeThree, kind: 'plain', path: 'acme.hdb' }
  const sets = [plainSet({ version: aVersion(4) })]
  const verdict = judge({ ...NOTHING, sets }, alice, published(acmeThree, gone), now)
  assert.deepEqual(verdict.kind === 'accepted' ? verdict.drop : undefined, ['acme.hdb'])
})

test('a plain file or .cud outside a signed set is refused', () => {
  assert.deepEqual(reasonsOf({ unlisted: ['acme.cud'] }, undefined), ['outside-a-set'])
})
