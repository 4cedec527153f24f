import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  applyScript,
  MemoryFolder,
  parseCdiff,
  parseScript,
  type Script,
  unpackScript,
} from '#formats/cdiff/index.ts'
import { realData, withoutRealData } from '../../../test/support/run.ts'
import { changesBetween, type MemberSet } from './from-members.ts'
import { changesOfScript } from './from-script.ts'
import { type Changes, NAMES_COUNTED_MAX, NAMES_KEPT_MAX, totalsOf } from './tally.ts'
import { changesInWords } from './words.ts'

const { signal } = new AbortController()

function members(texts: Readonly<Record<string, string>>, blockBytes = 7): MemoryFolder {
  const entries = Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)] as const)
  return new MemoryFolder(entries, blockBytes)
}

function setOf(folder: MemoryFolder): MemberSet {
  return {
    names: folder.members.keys(),
    read: (name) => folder.read(name) ?? assert.fail(`${name} is not there`),
  }
}

function scriptOf(text: string): Script {
  const script = parseScript(Buffer.from(text))
  assert.ok(script.ok, JSON.stringify(script))
  return script.value
}

/** `hash +A -B ~C` for what is in there, names sorted. */
function brief({ exact, kinds }: Changes): string {
  const parts = kinds.map(({ kind, added, dropped, changed }) =>
    [
      kind,
      ...added.names.toSorted().map((name) => `+${name}`),
      ...dropped.names.toSorted().map((name) => `-${name}`),
      ...changed.names.toSorted().map((name) => `~${name}`),
    ].join(' '),
  )
  return `${parts.join(', ')}${exact ? '' : ' (about)'}`
}

const OLD = {
  COPYING: 'free\n',
  'a.info': 'x\n',
  'a.ndb': 'A:0:*:aa\nB:0:*:bb\n# comment\nC:0:*:cc\n',
  'a.hdb': `${'0'.repeat(32)}:1:H1\n${'1'.repeat(32)}:2:H2\n`,
  'a.cbc': 'one program\n',
  'a.pdb': 'R:x:y\n',
}

test('names come from the place where each kind keeps them; comments and order do not count', async () => {
  const fresh = {
    COPYING: 'changed\n',
    'a.ndb': 'C:0:*:cc\nA:0:*:a1\n\nN:0:*:ee\n',
    'a.ldb': 'L;Engine:1-2,Target:0;0;aa\n',
    'a.hdb': `${'1'.repeat(32)}:2:H2\n${'2'.repeat(32)}:3:H3`,
    'a.cbc': 'another program\n',
    'b.cbc': 'more\n',
    'a.pdb': 'R:x:z\n',
  }
  const changes = await changesBetween(setOf(members(OLD)), setOf(members(fresh)), signal)
  assert.equal(
    brief(changes),
    'pattern +N -B ~A, logical +L, hash +H3 -H1, bytecode +b.cbc ~a.cbc, phishing',
  )
  assert.deepEqual(totalsOf(changes), { added: 5, dropped: 3, changed: 2 })
})

test('equal sets have no changes, and say so', async () => {
  const changes = await changesBetween(setOf(members(OLD)), setOf(members(OLD)), signal)
  assert.deepEqual(changes, { exact: true, kinds: [] })
  assert.deepEqual(changesInWords(changes), ['No signature came, went or changed.'])
})

const SCRIPTS: readonly (readonly [string, string, string, string])[] = [
  ['additions', 'OPEN a.ndb\nADD N:0:*:ee\nADD # comment\nCLOSE\n', 'pattern +N', 'pattern +N'],
  [
    'lines that go',
    'OPEN a.ndb\nDEL 2 B:0:*:bb\nDEL 3 #\nCLOSE\nOPEN a.hdb\nDEL 1 0000000000000000\nCLOSE\n',
    'pattern -B, hash -H1',
    'pattern -B, hash (about)',
  ],
  [
    'an exchange that changes a signature',
    'OPEN a.ndb\nXCHG 1 A:0:*:aa A:0:*:a1\nCLOSE\n',
    'pattern ~A',
    'pattern ~A (about)',
  ],
  [
    'an exchange for another signature',
    'OPEN a.ndb\nXCHG 1 A:0:*:aa N:0:*:ee\nCLOSE\n',
    'pattern +N -A',
    'pattern +N -A (about)',
  ],
  [
    'a line that only moves',
    'OPEN a.ndb\nDEL 1 A:0:*:aa\nADD A:0:*:aa\nCLOSE\n',
    '',
    'pattern ~A (about)',
  ],
  ['a member that goes', 'UNLINK a.ndb\nUNLINK COPYING\n', 'pattern -A -B -C', ' (about)'],
  [
    'a member that is written anew',
    'UNLINK a.ndb\nOPEN a.ndb\nADD A:0:*:aa\nADD B:0:*:b2\nADD N:0:*:ee\nCLOSE\n',
    'pattern +N -C ~B',
    'pattern +A +B +N (about)',
  ],
  [
    'a program that is changed',
    'OPEN a.cbc\nXCHG 1 one two programs\nCLOSE\nOPEN b.cbc\nADD x\nCLOSE\n',
    'bytecode +b.cbc ~a.cbc',
    'bytecode +b.cbc ~a.cbc',
  ],
  ['a member of no signatures', 'OPEN a.info\nXCHG 1 x y\nCLOSE\n', '', ''],
]
for (const [situation, text, withOld, alone] of SCRIPTS) {
  test(`a patch with ${situation} is told, best beside the old members`, async () => {
    const old = members(OLD)
    const known = await changesOfScript(scriptOf(text), (name) => old.read(name), signal)
    assert.equal(brief(known), withOld)
    assert.equal(brief(await changesOfScript(scriptOf(text), undefined, signal)), alone)
  })
}

test('law: a patch tells what comparing the two versions tells', async () => {
  const name = fc.constantFrom(...'ABCDEFG')
  const line = fc.tuple(name, fc.nat({ max: 2 })).map(([who, what]) => `${who}:0:*:0${what}`)
  const lines = fc.array(line, { minLength: 1, maxLength: 8 })
  const edit = fc.oneof(fc.constant(undefined), fc.constant('drop' as const), line)
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.array(edit, { maxLength: 8 }),
      fc.array(line, { maxLength: 3 }),
      async (old, edits, additions) => {
        const steps = edits.flatMap((change, index) => {
          const start = old[index]
          if (change === undefined || start === undefined) return []
          const at = index + 1
          return [change === 'drop' ? `DEL ${at} ${start}` : `XCHG ${at} ${start} ${change}`]
        })
        const script = scriptOf(
          ['OPEN a.ndb', ...steps, ...additions.map((one) => `ADD ${one}`), 'CLOSE', ''].join('\n'),
        )
        const before = members({ 'a.ndb': old.map((one) => `${one}\n`).join('') })
        const after = members({ 'a.ndb': old.map((one) => `${one}\n`).join('') })
        assert.ok((await applyScript(script, after)).ok)
        const told = await changesOfScript(script, (member) => before.read(member), signal)
        const compared = await changesBetween(setOf(before), setOf(after), signal)
        assert.equal(brief(told), brief(compared))
        assert.deepEqual(totalsOf(told), totalsOf(compared))
      },
    ),
    { numRuns: 300 },
  )
})

test('names are bounded, counts are not', async () => {
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => `N${from + at}:0:*:aa\n`).join('')
  const before = setOf(members({ 'a.ndb': many(0, 10) }, 65_536))
  const after = setOf(members({ 'a.ndb': many(5, NAMES_COUNTED_MAX + 1000) }, 65_536))
  const changes = await changesBetween(before, after, signal)
  assert.equal(changes.exact, false)
  assert.deepEqual(totalsOf(changes), { added: NAMES_COUNTED_MAX + 995, dropped: 5, changed: 0 })
  assert.equal(changes.kinds[0]?.added.names.length, NAMES_KEPT_MAX)
})

test('in words: a sum, then each kind, with names up to a number and "and N more"', async () => {
  const old = members(OLD)
  const text = ['OPEN a.ndb', ...'NOPQ'].join('\nADD ').replace('\nADD N', '\nADD N\u0007')
  const script = scriptOf(
    `${text}\nCLOSE\nOPEN a.hdb\nDEL 1 0000\nCLOSE\nOPEN a.pdb\nADD R:a\nCLOSE\n`,
  )
  const changes = await changesOfScript(script, (name) => old.read(name), signal)
  assert.deepEqual(changesInWords(changes, 2), [
    '5 added, 1 dropped, 0 changed.',
    'pattern signatures added: 4 (N?, O and 2 more)',
    'hash signatures dropped: 1 (H1)',
    'phishing signatures added: 1',
  ])
  const alone = await changesOfScript(script, undefined, signal)
  assert.equal(changesInWords(alone)[0], 'About 5 added, 1 dropped, 0 changed.')
})

test("ClamAV's own patch is told", { skip: withoutRealData() }, async () => {
  const cdiff = parseCdiff(readFileSync(realData('clamav/test-4.cdiff')))
  assert.ok(cdiff.ok)
  const bytes = unpackScript(cdiff.value)
  const script = bytes.ok ? parseScript(bytes.value) : undefined
  assert.ok(script?.ok)
  const changes = await changesOfScript(script.value, undefined, signal)
  assert.ok(totalsOf(changes).added > 0, JSON.stringify(changes))
  assert.ok(changesInWords(changes).length > 1)
})

test('an abort ends it', async () => {
  const stopped = AbortSignal.abort(new Error('stop'))
  const set = setOf(members(OLD))
  await assert.rejects(changesBetween(set, set, stopped), /stop/)
  await assert.rejects(changesOfScript(scriptOf('UNLINK a.ndb\n'), undefined, stopped), /stop/)
})
