import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseScript } from './script.ts'

const GOOD: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['comments anywhere', '# a\nOPEN a\n#LSIZE 9\nADD x\nCLOSE\n#\n'],
  ['an empty block', 'OPEN a.ndb\nCLOSE\n'],
  ['an added empty line', 'OPEN a\nADD \nCLOSE\n'],
  ['a deletion that does not look', 'OPEN a\nDEL 1 \nCLOSE\n'],
  ['a deletion with more words', 'OPEN a\nDEL 1 a b\nCLOSE\n'],
  ['a start of more than 16 characters', 'OPEN a\nDEL 1 aaaaaaaaaaaaaaaaaaaaaaaaaaa\nCLOSE\n'],
  ['an exchange for an empty line', 'OPEN a\nXCHG 1 a \nCLOSE\n'],
  ['a CR inside a line', 'OPEN a\nADD x\r\nCLOSE\n'],
  ['a move', 'MOVE a b 1 x 2 y\n'],
]
for (const [situation, text] of GOOD) {
  test(`a script with ${situation} is read`, () => {
    const script = parseScript(Buffer.from(text))
    assert.ok(script.ok, JSON.stringify(script))
  })
}

const BAD: readonly (readonly [string, string, string, number])[] = [
  ['an empty line', '\n', 'unknown-command', 1],
  ['small letters', 'open a\n', 'unknown-command', 1],
  ['a blank before', ' OPEN a\n', 'unknown-command', 1],
  ['a long word', 'UNLINKED a\n', 'unknown-command', 1],
  ['CRLF', 'OPEN a\r\n', 'bad-file-name', 1],
  ['no last line end', 'OPEN a\nCLOSE', 'no-line-end', 2],
  ['a file left open', 'OPEN a\nADD x\n', 'file-still-open', 3],
  ['a second OPEN', 'OPEN a\nOPEN b\n', 'file-still-open', 2],
  ['UNLINK inside', 'OPEN a\nUNLINK b\n', 'file-still-open', 2],
  ['MOVE inside', 'OPEN a\nMOVE a b 1 x 2 y\n', 'file-still-open', 2],
  ['CLOSE outside', 'CLOSE\n', 'no-file-open', 1],
  ['ADD outside', 'ADD x\n', 'no-file-open', 1],
  ['DEL outside', 'DEL 1 x\n', 'no-file-open', 1],
  ['words after CLOSE', 'OPEN a\nCLOSE b\n', 'too-many-words', 2],
  ['no name', 'OPEN\n', 'word-missing', 1],
  ['an empty name', 'OPEN \n', 'bad-file-name', 1],
  ['two blanks', 'OPEN  a\n', 'bad-file-name', 1],
  ['a path', 'OPEN a/b\n', 'bad-file-name', 1],
  ['a dash in a name', 'OPEN a-b.ndb\n', 'bad-file-name', 1],
  ['the folder above', 'UNLINK ..\n', 'bad-file-name', 1],
  ['a name of 100 characters', `OPEN ${'a'.repeat(100)}\n`, 'bad-file-name', 1],
  ['a bare ADD', 'OPEN a\nADD\n', 'word-missing', 2],
  ['DEL without a start', 'OPEN a\nDEL 1\n', 'word-missing', 2],
  ['XCHG without a line', 'OPEN a\nXCHG 1 x\n', 'word-missing', 2],
  ['line 0', 'OPEN a\nDEL 0 x\n', 'bad-line-number', 2],
  ['a signed number', 'OPEN a\nDEL +1 x\n', 'bad-line-number', 2],
  ['a huge number', 'OPEN a\nDEL 99999999999999999 x\n', 'bad-line-number', 2],
  ['a number that no double holds', 'OPEN a\nDEL 134217728 x\n', 'bad-line-number', 2],
  ['a move of one line', 'MOVE a b 1 x 1 x\n', 'bad-line-number', 1],
  ['a move backwards', 'MOVE a b 2 x 1 x\n', 'bad-line-number', 1],
  ['a move onto itself', 'MOVE a a 1 x 2 y\n', 'moved-onto-itself', 1],
  ['a short move', 'MOVE a b 1 x 2\n', 'word-missing', 1],
  ['a long move', 'MOVE a b 1 x 2 y z\n', 'too-many-words', 1],
  ['a move of a path', 'MOVE a/b c 1 x 2 y\n', 'bad-file-name', 1],
  ['too many steps', 'UNLINK a\n'.repeat(10_001), 'too-many-steps', 10_001],
]
for (const [situation, text, kind, line] of BAD) {
  test(`a script with ${situation} is refused as ${kind}, on its line`, () => {
    assert.deepEqual(parseScript(Buffer.from(text)), { ok: false, fault: { kind, line } })
  })
}

test('law: no script makes the parser throw', () => {
  const word = fc.constantFrom(
    'OPEN',
    'ADD',
    'DEL',
    'XCHG',
    'CLOSE',
    'MOVE',
    'UNLINK',
    'a',
    '1',
    '2',
    '#',
  )
  const line = fc.array(word, { maxLength: 8 }).map((words) => `${words.join(' ')}\n`)
  const text = fc.array(line, { maxLength: 6 }).map((lines) => Buffer.from(lines.join('')))
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 100 })), (bytes) => {
      parseScript(bytes)
    }),
    { numRuns: 1000 },
  )
})
