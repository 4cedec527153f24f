import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyScript, type PatchFault } from './apply.ts'
import { MemoryFolder } from './memory-folder.ts'
import { parseScript } from './script.ts'

type Members = Readonly<Record<string, string>>

async function patched(
  members: Members,
  text: string,
  blockBytes?: number,
): Promise<Members | PatchFault> {
  const script = parseScript(Buffer.from(text))
  assert.ok(script.ok, JSON.stringify(script))
  const folder = new MemoryFolder(
    Object.entries(members).map(([name, content]) => [name, Buffer.from(content)]),
    blockBytes,
  )
  const end = await applyScript(script.value, folder)
  if (!end.ok) return end.fault
  return Object.fromEntries(
    [...folder.members].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
  )
}

const AB: Members = { a: 'one:a\ntwo:b\nthree:c\n', b: 'x\n' }
const block = (...lines: readonly string[]) => `OPEN a\n${lines.join('\n')}\nCLOSE\n`

const DONE: readonly (readonly [string, string, Members])[] = [
  ['deletes the first line', block('DEL 1 one'), { ...AB, a: 'two:b\nthree:c\n' }],
  ['deletes the last line', block('DEL 3 three:c'), { ...AB, a: 'one:a\ntwo:b\n' }],
  ['deletes all lines', block('DEL 1 o', 'DEL 2 t', 'DEL 3 '), { ...AB, a: '' }],
  ['exchanges a line', block('XCHG 2 two zwei b'), { ...AB, a: 'one:a\nzwei b\nthree:c\n' }],
  [
    'counts lines before the block',
    block('DEL 1 one', 'XCHG 2 two 2'),
    { ...AB, a: '2\nthree:c\n' },
  ],
  ['takes edits in any order', block('XCHG 3 th 3', 'DEL 1 one'), { ...AB, a: 'two:b\n3\n' }],
  [
    'lets the later edit of a line win',
    block('DEL 1 x', 'XCHG 1 one 1'),
    { ...AB, a: '1\ntwo:b\nthree:c\n' },
  ],
  [
    'adds after the edits, in order',
    block('ADD p', 'DEL 1 one', 'ADD q q'),
    { ...AB, a: 'two:b\nthree:c\np\nq q\n' },
  ],
  ['makes a new file', 'OPEN c\nADD x\nCLOSE\n', { ...AB, c: 'x\n' }],
  ['makes nothing of an empty block', 'OPEN c\nCLOSE\n', AB],
  ['removes a file', 'UNLINK b\n', { a: AB['a'] ?? '' }],
  ['moves lines', 'MOVE a b 1 one 2 two\n', { a: 'three:c\n', b: 'x\none:a\ntwo:b\n' }],
  ['moves the last lines', 'MOVE a b 2 two 3 \n', { a: 'one:a\n', b: 'x\ntwo:b\nthree:c\n' }],
]
for (const [claim, text, members] of DONE) {
  test(`a script ${claim}, however the blocks fall`, async () => {
    for (const blockBytes of [1, 2, 3, 5, 7, 64]) {
      assert.deepEqual(await patched(AB, text, blockBytes), members)
    }
  })
}

const REFUSED: readonly (readonly [string, Members, string, PatchFault])[] = [
  [
    'another line there',
    AB,
    block('DEL 1 one', 'DEL 2 one'),
    { kind: 'pattern-differs', line: 3, file: 'a' },
  ],
  [
    'a line shorter than its start',
    AB,
    block('DEL 2 two:bb'),
    { kind: 'pattern-differs', line: 2, file: 'a' },
  ],
  [
    'a line beyond the end',
    AB,
    block('# c', 'DEL 4 x'),
    { kind: 'line-missing', line: 3, file: 'a' },
  ],
  [
    'an edited file without a last line end',
    { a: 'x\ny' },
    block('DEL 1 x'),
    { kind: 'member-without-line-end', line: 1, file: 'a' },
  ],
  [
    'an edit in the line without an end',
    { a: 'x\ny' },
    block('DEL 2 y'),
    { kind: 'member-without-line-end', line: 1, file: 'a' },
  ],
  [
    'an edit in a missing file',
    {},
    `# c\n${block('DEL 1 x')}`,
    { kind: 'member-missing', line: 2, file: 'a' },
  ],
  ['a removed missing file', {}, 'UNLINK a\n', { kind: 'member-missing', line: 1, file: 'a' }],
  [
    'a move from nowhere',
    { b: '' },
    'MOVE a b 1 x 2 y\n',
    { kind: 'member-missing', line: 1, file: 'a' },
  ],
  [
    'a move to nowhere',
    { a: '' },
    'MOVE a b 1 x 2 y\n',
    { kind: 'member-missing', line: 1, file: 'b' },
  ],
  [
    'a move of other lines',
    AB,
    'MOVE a b 1 one 2 x\n',
    { kind: 'pattern-differs', line: 1, file: 'a' },
  ],
  [
    'a move beyond the end',
    AB,
    'MOVE a b 1 one 4 x\n',
    { kind: 'line-missing', line: 1, file: 'a' },
  ],
]
for (const [situation, members, text, fault] of REFUSED) {
  test(`a script that meets ${situation} is refused, and its line named`, async () => {
    for (const blockBytes of [1, 3, 64]) {
      assert.deepEqual(await patched(members, text, blockBytes), fault)
    }
  })
}

test('what the folder throws is passed on, and an aborted signal stops', async () => {
  const script = parseScript(Buffer.from(block('ADD x')))
  assert.ok(script.ok)
  const broken = new MemoryFolder([])
  broken.write = () => Promise.reject(new Error('disk full'))
  await assert.rejects(applyScript(script.value, broken), /disk full/)
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(applyScript(script.value, new MemoryFolder([]), signal), /enough/)
})

/** The plain way: all lines in an array. */
function plainly(lines: readonly string[], edits: ReadonlyMap<number, string | undefined>): string {
  return lines
    .map((line, index) => {
      const edit = edits.has(index) ? edits.get(index) : line
      return edit === undefined ? '' : `${edit}\n`
    })
    .join('')
}

test('law: streaming gives what the plain way gives, however the blocks fall', async () => {
  const text = fc.stringMatching(/^[a-c]{0,6}$/)
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 12 }),
      fc.array(fc.tuple(fc.nat({ max: 11 }), fc.option(text, { nil: undefined })), {
        maxLength: 6,
      }),
      fc.array(text, { maxLength: 3 }),
      fc.integer({ min: 1, max: 9 }),
      async (lines, wishes, additions, blockBytes) => {
        const edits = new Map(wishes.filter(([index]) => index < lines.length))
        const commands = [...edits].map(([index, to]) => {
          const start = (lines[index] ?? '').slice(0, 3)
          return to === undefined ? `DEL ${index + 1} ${start}` : `XCHG ${index + 1} ${start} ${to}`
        })
        const script = block(...commands, ...additions.map((line) => `ADD ${line}`), '#')
        const a = lines.map((line) => `${line}\n`).join('')
        const added = additions.map((line) => `${line}\n`).join('')
        assert.deepEqual(await patched({ a }, script, blockBytes), {
          a: plainly(lines, edits) + added,
        })
      },
    ),
    { numRuns: 300 },
  )
})

test('a short member that asks for long new lines is handed on in pieces', async () => {
  const count = 40
  const long = 'y'.repeat(100_000)
  const a = 'x\n'.repeat(count)
  const commands = Array.from({ length: count }, (_empty, index) => `XCHG ${index + 1} x ${long}`)
  assert.deepEqual(await patched({ a }, block(...commands)), { a: `${long}\n`.repeat(count) })
})

test('many additions are gathered into blocks without losing one', async () => {
  const lines = Array.from({ length: 50_000 }, (_none, index) => `Win.Added-${index}:0:*:41414141`)
  const script = block(...lines.map((line) => `ADD ${line}`))
  assert.deepEqual(await patched({}, script), { a: lines.map((line) => `${line}\n`).join('') })
})
