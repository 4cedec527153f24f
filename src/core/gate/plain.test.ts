import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import type { Release, ReleaseFile } from '#core/release/index.ts'
import {
  alice,
  BUILT,
  NOTHING,
  now,
  published,
  reasonsOf,
} from '../../../test/support/gate-facts.ts'
import { aName, aVersion } from '../../../test/support/values.ts'
import type { PlainSetFacts } from './facts.ts'
import { judge } from './index.ts'

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

test('a set lists files that are called like it, and others only where he may release those', () => {
  const listing = (file: string) =>
    reasonsOf(
      {
        sets: [
          plainSet({
            files: [{ file, bytes: 1, sha256: 'n', faults: [] }],
            listed: [{ file, sha256: 'n' }],
          }),
        ],
      },
      undefined,
    )
  assert.deepEqual(listing('acme_phish.hdb'), [])
  assert.deepEqual(listing('daily.ign2'), [])
  assert.deepEqual(listing('main.ign2'), ['not-yours'])
  assert.deepEqual(listing('daily.cvd'), ['damaged'])
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
