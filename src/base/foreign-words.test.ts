import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { foreignWords } from './foreign-words.ts'

const SAID: readonly (readonly [string, string, string])[] = [
  ['plain words', 'Größe: 3 ✓', 'Größe: 3 ✓'],
  ['a colour', '\x1b[31mred', '\\u{1b}[31mred'],
  ['a second line', 'a\nb\r', 'a\\u{a}b\\u{d}'],
  ['a mark that turns the writing', 'a\u202eb', 'a\\u{202e}b'],
  ['too much', 'abcdefghijk', 'abcdefghij…'],
  ['a character that the cut would halve', '123456789😀', '123456789\\u{d83d}…'],
]
for (const [situation, text, shown] of SAID) {
  test(`of another program, ${situation} is shown and not obeyed`, () => {
    assert.equal(foreignWords(text, 10), shown)
  })
}

test('law: no words reach a terminal’s commands', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(foreignWords(text, 100), /\p{Cc}/u)
    }),
  )
})
