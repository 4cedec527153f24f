import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyScript } from './apply.ts'
import { diffMembers, type MemberSet } from './diff.ts'
import { MemoryFolder } from './memory-folder.ts'
import { parseScript } from './script.ts'

type Members = Readonly<Record<string, string>>

function setOf(members: Members, blockBytes = 64 * 1024): MemberSet {
  const folder = folderOf(members, blockBytes)
  return {
    names: Object.keys(members),
    read: (name) => {
      const blocks = folder.read(name)
      assert.ok(blocks)
      return blocks
    },
  }
}

function folderOf(members: Members, blockBytes?: number): MemoryFolder {
  const entries = Object.entries(members).map(([name, text]) => [name, Buffer.from(text)] as const)
  return new MemoryFolder(entries, blockBytes)
}

async function diff(old: Members, fresh: Members, blockBytes?: number): Promise<string> {
  const script = await diffMembers(setOf(old, blockBytes), setOf(fresh, blockBytes))
  assert.ok(script.ok, JSON.stringify(script))
  return Buffer.from(script.value).toString('latin1')
}

async function applied(old: Members, text: string): Promise<Members> {
  const script = parseScript(Buffer.from(text, 'latin1'))
  assert.ok(script.ok, `${JSON.stringify(script)} in ${text}`)
  const folder = folderOf(old)
  const end = await applyScript(script.value, folder)
  assert.ok(end.ok, `${JSON.stringify(end)} in ${text}`)
  return Object.fromEntries(
    [...folder.members].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
  )
}

const lines = (...texts: readonly string[]) => texts.map((text) => `${text}\n`).join('')
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `line ${from + at} of many`)

const SAID: readonly (readonly [string, string, string, string])[] = [
  ['nothing', lines('a', 'b'), lines('a', 'b'), ''],
  ['an addition', lines('a'), lines('a', 'b'), 'OPEN f\nADD b\nCLOSE\n'],
  ['a deletion', lines('a', 'b c', 'd'), lines('a', 'd'), 'OPEN f\nDEL 2 b\nCLOSE\n'],
  ['another line', lines('a', 'b', 'c'), lines('a', 'x y', 'c'), 'OPEN f\nXCHG 2 b x y\nCLOSE\n'],
  [
    'a start of at most 16 characters',
    lines('abcdefghijklmnopqrst', 'z', 'y', 'x', 'w', 'v'),
    lines('z', 'y', 'x', 'w', 'v'),
    'OPEN f\nDEL 1 abcdefghijklmnop\nCLOSE\n',
  ],
  ['an empty line that goes', lines('', 'a b c d'), lines('a b c d'), 'OPEN f\nDEL 1 \nCLOSE\n'],
  ['a line that becomes empty', lines('a', 'b'), lines('', 'b'), 'OPEN f\nXCHG 1 a \nCLOSE\n'],
  [
    'a line with no start to say',
    lines(' q', 'b'),
    lines('z', 'b'),
    'UNLINK f\nOPEN f\nADD z\nADD b\nCLOSE\n',
  ],
  [
    'a line with no start where another place is free',
    lines('a', ' q', 'w', 'b'),
    lines('a', 'z', 'b'),
    'OPEN f\nDEL 2 \nXCHG 3 w z\nCLOSE\n',
  ],
  [
    'a member that was cut off',
    lines('a', 'b').slice(0, -1),
    lines('a', 'b', 'c'),
    'UNLINK f\nOPEN f\nADD a\nADD b\nADD c\nCLOSE\n',
  ],
  [
    'an insertion, which moves what follows until a hole takes it up',
    lines('a', 'b', 'c', 'd', 'e'),
    lines('a', 'X', 'b', 'c', 'e'),
    'OPEN f\nXCHG 2 b X\nXCHG 3 c b\nXCHG 4 d c\nCLOSE\n',
  ],
]
for (const [situation, old, fresh, script] of SAID) {
  test(`${situation} is said as a client reads it`, async () => {
    assert.equal(await diff({ f: old }, { f: fresh }), script)
    assert.deepEqual(await applied({ f: old }, script), { f: fresh })
  })
}

test('members come and go', async () => {
  const old = { a: lines('1'), b: lines('2') }
  const fresh = { b: lines('2'), c: lines('3') }
  const script = await diff(old, fresh)
  assert.equal(script, 'OPEN c\nADD 3\nCLOSE\nUNLINK a\n')
  assert.deepEqual(await applied(old, script), fresh)
})

test('a hole of 20,000 lines is found, and not taken for 20,000 changes', async () => {
  const all = numbered(0, 60_000)
  const [old, fresh] = [
    { f: lines(...all) },
    { f: lines(...all.slice(0, 5), ...all.slice(20_005)) },
  ]
  const script = await diff(old, fresh)
  assert.equal(script.match(/^DEL /gm)?.length, 20_000)
  assert.doesNotMatch(script, /^XCHG/m)
  assert.deepEqual(await applied(old, script), fresh)
})

test('a block that moved up is not taken for a hole', async () => {
  const all = numbered(0, 30_000)
  const moved = [
    ...all.slice(0, 10),
    ...all.slice(2010, 2110),
    ...all.slice(10, 2010),
    ...all.slice(2110),
  ]
  const script = await diff({ f: lines(...all) }, { f: lines(...moved) })
  assert.ok((script.match(/\n/g)?.length ?? 0) < 2200)
  assert.deepEqual(await applied({ f: lines(...all) }, script), { f: lines(...moved) })
})

test('where nearly every line is another one, the member is written anew', async () => {
  const [old, fresh] = [numbered(0, 3000), numbered(5000, 8000)]
  const script = await diff({ f: lines(...old) }, { f: lines(...fresh) })
  assert.match(script, /^UNLINK f\nOPEN f\nADD /)
  assert.ok(script.length < lines(...fresh).length + 3000 * 4 + 30)
})

test('long lines are announced to clients, also those that stay', async () => {
  const long = 'x'.repeat(40_000)
  const script = await diff({ f: lines(long, 'b') }, { f: lines(long, 'c') })
  assert.equal(script, 'OPEN f\nXCHG 2 b c\nCLOSE\n'.replace('OPEN', '#LSIZE 40065\nOPEN'))
})

const REFUSED: readonly (readonly [string, Members, Members, string])[] = [
  ['CRLF', { f: 'a\n' }, { f: 'a\r\n' }, 'carriage-return'],
  ['NUL', { f: 'a\n' }, { f: 'a\0\n' }, 'nul-byte'],
  ['a last line without end', { f: 'a\n' }, { f: 'a\nb' }, 'no-last-line-end'],
  ['a new member without bytes', {}, { f: '' }, 'empty-member'],
  ['a name with a dash', {}, { 'a-b': 'x\n' }, 'bad-member-name'],
  ['an old name with a dash', { 'a-b': 'x\n' }, {}, 'bad-member-name'],
  ['a line without end in sight', {}, { f: 'x'.repeat(9 * 1024 * 1024) }, 'line-too-long'],
]
for (const [situation, old, fresh, kind] of REFUSED) {
  test(`${situation} cannot be said`, async () => {
    const script = await diffMembers(setOf(old), setOf(fresh))
    assert.ok(!script.ok)
    assert.equal(script.fault.kind, kind)
  })
}

test('what is refused in a member that changed may stand in one that did not', async () => {
  assert.equal(await diff({ f: 'a\r\n\0b' }, { f: 'a\r\n\0b' }), '')
})

const word = fc.constantFrom('', ' ', 'a', 'b', 'c d', 'e:f', '  g', 'a rather longer line', '\t')
const content = fc.array(word, { maxLength: 40 }).map((texts) => lines(...texts))
const name = fc.constantFrom('f', 'g', 'h')
const members = fc.dictionary(
  name,
  content.filter((text) => text !== ''),
  { maxKeys: 3 },
)

test('law: a diff that is applied gives the new members, however the blocks are cut', async () => {
  await fc.assert(
    fc.asyncProperty(members, members, fc.integer({ min: 1, max: 50 }), async (a, b, block) => {
      assert.deepEqual(await applied({ ...a }, await diff(a, b, block)), { ...b })
    }),
    { numRuns: 1500 },
  )
})

test('law: two steps equal one', async () => {
  await fc.assert(
    fc.asyncProperty(members, members, members, async (a, b, c) => {
      const twice = await applied(await applied({ ...a }, await diff(a, b)), await diff(b, c))
      assert.deepEqual(twice, await applied({ ...a }, await diff(a, c)))
    }),
    { numRuns: 300 },
  )
})

/** Changes as they happen: lines go, change, come at the end, blocks move. */
const change = fc.record({
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  kind: fc.constantFrom('del', 'xchg', 'add', 'insert', 'hole', 'move'),
})

test('law: long members with real changes come out right, and no larger than written anew', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      const old = numbered(0, 3000)
      const fresh = [...old]
      for (const { at, kind } of changes) {
        const line = Math.floor(at * fresh.length)
        if (kind === 'del') fresh.splice(line, 1)
        else if (kind === 'xchg') fresh[line] = `changed ${line}`
        else if (kind === 'add') fresh.push(`added ${fresh.length}`)
        else if (kind === 'insert') fresh.splice(line, 0, `inserted ${line}`)
        else if (kind === 'hole') fresh.splice(line, 300)
        else fresh.push(...fresh.splice(line, 50))
      }
      const [a, b] = [{ f: lines(...old) }, { f: lines(...fresh) }]
      const script = await diff(a, b)
      assert.deepEqual(await applied(a, script), b)
      assert.ok(script.length <= lines(...fresh).length + fresh.length * 4 + 30)
    }),
    { numRuns: 120 },
  )
})
