import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import {
  alice,
  BUILT,
  dailySeven,
  database,
  header,
  NOTHING,
  now,
  patch,
  published,
  reasonsOf,
  signature,
} from '../../../test/support/gate-facts.ts'
import { aName, aVersion } from '../../../test/support/values.ts'
import type { DatabaseFacts, PatchFacts } from './facts.ts'
import { describeReason, judge } from './index.ts'

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
    "a third party's signature that most engines refuse",
    { signedBy: 'acme', zerosLost: ['info'] },
    'zeros-lost',
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

test('what ClamAV signed passes, for nobody here can sign it again; so does what is published already', () => {
  const facts = { databases: [database({ zerosLost: ['header', 'info'] })] }
  assert.deepEqual(reasonsOf(facts, published(dailySeven)), [])
  const patched = { databases: [database()], patches: [patch({ zerosLost: true })] }
  assert.deepEqual(reasonsOf(patched, published(dailySeven)), [])
  const again = database({ signedBy: 'acme', sha256: 'old', zerosLost: ['info'] })
  assert.deepEqual(reasonsOf({ databases: [again] }, published(dailySeven)), [])
})

test('each signature that most engines refuse has its own reason and remedy', () => {
  const acme = { signedBy: 'acme' } as const
  const facts = {
    ...NOTHING,
    databases: [database({ ...acme, zerosLost: ['header', 'info'] })],
    patches: [patch({ ...acme, zerosLost: true })],
  }
  const verdict = judge(facts, alice, published(dailySeven), now)
  assert.ok(verdict.kind === 'refused')
  const [header = '', info = '', patched = '', ...more] = verdict.reasons.map(describeReason)
  assert.deepEqual(more, [])
  assert.match(
    header,
    /^daily\.cvd: the MD5 that its header signs begins with 00, .*build it again/,
  )
  assert.match(info, /^daily\.cvd: .*list of members.* begins with 00, .*build it again/)
  assert.match(patched, /^daily-8\.cdiff: .*engines 1\.1 to 1\.4.*; sign it again/)
})

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
    signatures: [signature({ of: 'daily-8.cvd' })],
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
  ['an empty one', { leads: { kind: 'whole' }, signedBy: undefined, bytes: 0 }, undefined],
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
