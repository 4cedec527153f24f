import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dbVersion, parseDbName } from '#base/names.ts'
import { describeSignatureSetFault, parseSignatureSet, printSignatureSet } from './set.ts'

const A = 'a'.repeat(64)
const B = 'B'.repeat(64)
const GOOD = `cvdnet-set 1\nname: acme\nversion: 7\n${A}  acme.ndb\n${B} *acme.hsb\n`

test('a set is name, version and files with their hashes', () => {
  assert.deepEqual(parseSignatureSet(GOOD), {
    ok: true,
    value: {
      name: 'acme',
      version: 7,
      files: [
        { file: 'acme.ndb', sha256: A },
        { file: 'acme.hsb', sha256: 'b'.repeat(64) },
      ],
    },
  })
})

const HEAD = 'cvdnet-set 1\nname: acme\nversion: 7\n'
const BROKEN: readonly (readonly [string, string, readonly string[]])[] = [
  ['nothing', '', ['not-a-set 1']],
  ['another format', GOOD.replace('set 1', 'set 2'), ['not-a-set 1']],
  ['CRLF', GOOD.replaceAll('\n', '\r\n'), ['not-a-set 1']],
  ['no name', GOOD.replace('acme\n', '\n'), ['bad-name 2']],
  ['a name with a dash', GOOD.replace('name: acme', 'name: ac-me'), ['bad-name 2']],
  ["an operator's name", GOOD.replace('name: acme', 'name: local_a'), ['bad-name 2']],
  ['version 0', GOOD.replace(': 7', ': 0'), ['bad-version 3']],
  ['a version beyond an int', GOOD.replace(': 7', ': 2147483648'), ['bad-version 3']],
  ['no files', HEAD, ['no-files 4']],
  ['a cut end', GOOD.slice(0, -1), ['no-last-line-end 5']],
  ['a short hash', `${HEAD}${A.slice(1)}  a.ndb\n`, ['bad-file-line 4']],
  ['one blank', `${HEAD}${A} a.ndb\n`, ['bad-file-line 4']],
  ['an empty line', `${HEAD}\n${A}  a.ndb\n`, ['bad-file-line 4']],
  ['a path', `${HEAD}${A}  ../a.ndb\n`, ['bad-file-name 4']],
  ['a dot file', `${HEAD}${A}  .ndb\n`, ['bad-file-name 4']],
  ['two extensions', `${HEAD}${A}  a.ndb.sig\n`, ['bad-file-name 4']],
  ["an operator's file", `${HEAD}${A}  local_a.ndb\n`, ['bad-file-name 4']],
  ['a file twice', `${HEAD}${A}  a.ndb\n${B}  a.ndb\n`, ['listed-twice 5']],
  [
    'too many files',
    HEAD + Array.from({ length: 257 }, (_none, n) => `${A}  a${n}.ndb\n`).join(''),
    ['too-many-files 260'],
  ],
  ['too much', `${HEAD}${'x'.repeat(70_000)}`, ['too-large 1']],
  [
    'several faults',
    'cvdnet-set 1\nname:\nversion: x\nfoo\n',
    ['bad-name 2', 'bad-version 3', 'bad-file-line 4'],
  ],
]
for (const [situation, text, faults] of BROKEN) {
  test(`a set with ${situation} is refused, with its line`, () => {
    const set = parseSignatureSet(text)
    assert.ok(!set.ok)
    assert.deepEqual(
      set.fault.map(({ kind, line }) => `${kind} ${line}`),
      faults,
    )
    assert.match(set.fault.map(describeSignatureSetFault).join(), /^line \d+: /)
  })
}

test('law: whatever prints reads back', () => {
  const file = fc.record(
    {
      file: fc
        .stringMatching(/^[a-z0-9_][a-z0-9_-]{0,8}\.[a-z]{2,4}$/)
        .filter((name) => !name.startsWith('local_')),
      sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
    },
    { noNullPrototype: true },
  )
  const files = fc.uniqueArray(file, { minLength: 1, maxLength: 8, selector: (one) => one.file })
  fc.assert(
    fc.property(files, fc.integer({ min: 1, max: 0x7fff_ffff }), (listed, number) => {
      const [name, version] = [parseDbName('acme'), dbVersion(number)]
      assert.ok(name.ok && version !== undefined)
      const set = { name: name.value, version, files: listed }
      assert.deepEqual(parseSignatureSet(printSignatureSet(set)), { ok: true, value: set })
    }),
  )
})

test('law: no text makes it throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseSignatureSet(text)))
  fc.assert(fc.property(fc.string(), (text) => void parseSignatureSet(HEAD + text)))
})
