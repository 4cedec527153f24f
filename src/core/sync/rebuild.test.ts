import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aGeneration, aName, aSerial, aVersion } from '../../../test/support/values.ts'
import {
  databasesToLeaveOut,
  describeRebuildEnd,
  hiddenBy,
  type NeedInput,
  needOf,
  REBUILD_BYTES_MIN,
} from './index.ts'

const MIB = 1024 * 1024

function leftOut(
  sizes: Readonly<Record<string, number>>,
  patterns: readonly string[] = [],
  bytesMin = REBUILD_BYTES_MIN,
): readonly string[] {
  const served = new Map(Object.entries(sizes).map(([path, bytes]) => [path, { bytes }]))
  return databasesToLeaveOut({ served, hidden: hiddenBy(patterns), bytesMin })
}

const LEFT_OUT: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['a large one with a patch', leftOut({ 'daily.cvd': MIB, 'daily-7.cdiff': 1 }), ['daily']],
  ['a small one', leftOut({ 'daily.cvd': 1000, 'daily-7.cdiff': 1 }), []],
  ['one that was never patched', leftOut({ 'main.cvd': MIB, 'daily-7.cdiff': 1 }), []],
  ['an unpatched one beside which a pull is nothing', leftOut({ 'main.cvd': 9 * MIB }), ['main']],
  ['one in a folder', leftOut({ 'old/daily.cvd': 9 * MIB }), []],
  ['another type', leftOut({ 'daily.cud': 9 * MIB, 'daily.cvd.header': 512 }), []],
  ['a hidden one', leftOut({ 'daily.cvd': 9 * MIB }, ['/daily.cvd']), []],
  ['one with a hidden header', leftOut({ 'daily.cvd': 9 * MIB }, ['*.header']), []],
  ['any, where none is made again', leftOut({ 'daily.cvd': 9 * MIB }, [], Infinity), []],
]
for (const [situation, found, wanted] of LEFT_OUT) {
  test(`what the first pull leaves out: ${situation}`, () => assert.deepEqual(found, wanted))
}

const name = aName('daily')
/** Version 5 is here, and version 7 is listed with two patches. */
function input(
  change: Partial<NeedInput> = {},
  without: readonly string[] = [],
  empty?: string,
): NeedInput {
  const paths = ['daily.cvd', 'daily.cvd.header', 'daily-6.cdiff', 'daily-7.cdiff']
  const files = paths
    .filter((path) => !without.includes(path))
    .map((path) => [path, { path, bytes: path === empty ? 0 : 9, sha256: `new ${path}` }] as const)
  return {
    name,
    manifest: { serial: aSerial(1), generation: aGeneration(1), files: new Map(files) },
    sha256: 'old',
    known: { path: 'daily.cvd', name, version: aVersion(5), sha256: 'old' },
    header: { version: aVersion(7) },
    ...change,
  }
}

test('a new version is made of the one that is here and every patch between, in order', () => {
  assert.deepEqual(needOf(input()), {
    kind: 'rebuild',
    from: 5,
    patches: ['daily-6.cdiff', 'daily-7.cdiff'],
  })
})

test('the listed file is here already, or the network has it no more', () => {
  assert.equal(needOf(input({ sha256: 'new daily.cvd' })).kind, 'same')
  assert.equal(needOf(input({}, ['daily.cvd'])).kind, 'nothing')
})

const version = aVersion(4)
const FETCHED: readonly (readonly [NeedInput, string, RegExp])[] = [
  [input({ header: { kind: 'no-header' } }), 'no-header', /has no header/],
  [input({ known: undefined }), 'old-not-known', /version here is not known/],
  [
    input({ known: { path: 'daily.cvd', name, version, sha256: 'another' } }),
    'old-not-known',
    /version here is not known/,
  ],
  [input({ header: { version: aVersion(5) } }), 'not-newer', /5 is offered, and version 5 is here/],
  [input({ header: { version } }), 'not-newer', /4 is offered, and version 5 is here/],
  [input({}, ['daily-6.cdiff']), 'patch-not-there', /no daily-6\.cdiff/],
  [input({}, ['daily-7.cdiff']), 'patch-not-there', /no daily-7\.cdiff/],
  [input({}, [], 'daily-6.cdiff'), 'patch-empty', /daily-6\.cdiff is empty/],
  [input({ header: { version: aVersion(0x7fff_ffff) } }), 'patch-not-there', /daily-8\.cdiff/],
]
for (const [given, kind, words] of FETCHED) {
  test(`fetched whole, for its reason: ${kind}, ${words.source}`, () => {
    const need = needOf(given)
    assert.ok(need.kind === 'fetch')
    assert.equal(need.why.kind, kind)
    const end = { kind: 'fetched', why: need.why } as const
    assert.match(describeRebuildEnd({ path: 'daily.cvd', bytes: 9, end }), words)
  })
}
