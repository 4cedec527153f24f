import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  dailySeven,
  database,
  header,
  NOTHING,
  patch,
  published,
} from '../../../test/support/gate-facts.ts'
import { aVersion } from '../../../test/support/values.ts'
import type { SetFacts } from './facts.ts'
import { patchesDue } from './index.ts'

const release = published(dailySeven)
const held = new Set(['ClamAV'])

function due(facts: Partial<SetFacts>, holds = held, before: typeof release | undefined = release) {
  return patchesDue({ ...NOTHING, ...facts }, before, holds).map(({ file, can }) => [
    file,
    can.kind,
  ])
}

test('a master with the publisher’s secrets makes the step from the published version', () => {
  assert.deepEqual(due({ databases: [database()] }), [['daily-8.cdiff', 'make']])
})

test('over two versions there is no patch to be said', () => {
  const nine = database(header({ version: aVersion(9) }))
  assert.deepEqual(due({ databases: [nine] }), [['daily-9.cdiff', 'too-far']])
})

const NOT_DUE: readonly (readonly [string, Partial<SetFacts>])[] = [
  ['the set brings one', { databases: [database()], patches: [patch()] }],
  ['the database is damaged', { databases: [database({ faults: ['x'] })] }],
  ['another publisher signed it', { databases: [database({ signedBy: 'acme' })] }],
  ['it is published already', { databases: [database(header({ version: aVersion(7) }))] }],
]

for (const [situation, facts] of NOT_DUE) {
  test(`no patch is made when ${situation}`, () => assert.deepEqual(due(facts), []))
}

test('no patch is made of a first version, nor without secrets', () => {
  assert.deepEqual(patchesDue({ ...NOTHING, databases: [database()] }, undefined, held), [])
  assert.deepEqual(due({ databases: [database()] }, new Set()), [])
})
