import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import type { ReleaseFile } from '#core/release/index.ts'
import {
  alice,
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
import type { SetFacts } from './facts.ts'
import { judge } from './index.ts'

const release = published(dailySeven)
const patchSeven: ReleaseFile = {
  kind: 'patch',
  path: 'daily-7.cdiff',
  bytes: 10,
  sha256: 'seven',
  name: aName('daily'),
  version: aVersion(7),
  datedAt: epochSeconds(1),
}

test('good signatures of a database and its patch become files of the release', () => {
  const facts = {
    ...NOTHING,
    databases: [database()],
    patches: [patch()],
    signatures: [signature(), signature({ of: 'daily-8.cdiff' })],
  }
  const verdict = judge(facts, alice, release, now)
  assert.ok(verdict.kind === 'accepted')
  assert.deepEqual(
    verdict.files.map(({ kind, path, name, version }) => [kind, path, name, version]),
    [
      ['database', 'daily.cvd', 'daily', 8],
      ['patch', 'daily-8.cdiff', 'daily', 8],
      ['signature', 'daily-8.cvd.sign', 'daily', 8],
      ['signature', 'daily-8.cdiff.sign', 'daily', 8],
    ],
  )
})

test('signatures may come later, alone, for what is published', () => {
  for (const target of ['daily-7.cvd', 'daily-7.cdiff']) {
    const facts = { ...NOTHING, signatures: [signature({ of: target })] }
    const verdict = judge(facts, alice, published(dailySeven, patchSeven), now)
    assert.ok(verdict.kind === 'accepted', target)
    const there: ReleaseFile = {
      ...patchSeven,
      kind: 'signature',
      path: `${target}.sign`,
      sha256: 'sign',
    }
    const again = judge(facts, alice, published(dailySeven, patchSeven, there), now)
    assert.equal(again.kind, 'already-published')
  }
})

const REFUSED: readonly (readonly [string, Partial<SetFacts>, string])[] = [
  [
    'one that engines refuse',
    { signatures: [signature({ verdict: { kind: 'bad', reason: 'x' } })] },
    'sign-bad',
  ],
  [
    'one that nobody can check',
    { signatures: [signature({ verdict: { kind: 'no-authority' } })] },
    'sign-not-verifiable',
  ],
  [
    'one that nobody tried',
    { signatures: [signature({ verdict: { kind: 'not-tried' } })] },
    'sign-bad',
  ],
  [
    'one for another version',
    { signatures: [signature({ of: 'daily-9.cvd' })] },
    'sign-of-nothing',
  ],
  [
    'one for the version that goes',
    { signatures: [signature({ of: 'daily-7.cvd' })] },
    'sign-of-nothing',
  ],
  [
    'one for a patch that is not there',
    { signatures: [signature({ of: 'daily-8.cdiff' })] },
    'sign-of-nothing',
  ],
  ['one for a plain file', { signatures: [signature({ of: 'daily.ndb' })] }, 'sign-of-nothing'],
]

for (const [situation, facts, reason] of REFUSED) {
  test(`a detached signature beside its database: ${situation}`, () => {
    assert.deepEqual(reasonsOf({ databases: [database()], ...facts }, release), [reason])
  })
}

test('a signature for somebody else’s database is refused', () => {
  const facts = { signatures: [signature({ of: 'daily-7.cvd' })] }
  assert.deepEqual(reasonsOf(facts, release, { ...alice, databases: ['acme'] }), ['not-yours'])
})

const habits = new Map([['ClamAV', ['patch', 'sign'] as const]])

test('a set that lacks what its publisher always ships is refused with what is missing', () => {
  const alone = { databases: [database()] }
  assert.deepEqual(reasonsOf(alone, release, alice, { habits }), ['patch-missing', 'sign-missing'])
  const patched = { ...alone, patches: [patch()], signatures: [signature()] }
  assert.deepEqual(reasonsOf(patched, release, alice, { habits }), ['sign-missing'])
  const signatures = [signature(), signature({ of: 'daily-8.cdiff' })]
  assert.deepEqual(reasonsOf({ ...patched, signatures }, release, alice, { habits }), [])
  assert.deepEqual(reasonsOf(alone, release, alice), [])
})

test('habits ask nothing of a first version but its signature, and nothing of what is published', () => {
  assert.deepEqual(reasonsOf({ databases: [database()] }, undefined, alice, { habits }), [
    'sign-missing',
  ])
  const again = database({ sha256: 'old', ...header({ version: aVersion(7) }) })
  assert.deepEqual(reasonsOf({ databases: [again] }, release, alice, { habits }), [])
})

test('a patch that the master makes is not missing, and needs no .sign; one over two versions it cannot make', () => {
  const madeHere = new Set(['daily-8.cdiff'])
  const facts = { databases: [database()], signatures: [signature()] }
  assert.deepEqual(reasonsOf(facts, release, alice, { habits, madeHere }), [])
  const made = { ...facts, patches: [patch()] }
  assert.deepEqual(reasonsOf(made, release, alice, { habits, madeHere }), [])
  const nine = {
    databases: [database(header({ version: aVersion(9) }))],
    signatures: [signature({ of: 'daily-9.cvd' })],
  }
  assert.deepEqual(reasonsOf(nine, release, alice, { habits }), ['patch-missing'])
})
