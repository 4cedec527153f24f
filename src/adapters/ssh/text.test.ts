import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { harmless, LineSplitter } from './text.ts'

test('law: however bytes are cut, the same lines come out', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: 'grapheme', maxLength: 12 }).map((line) => line.replace(/[\r\n]/g, '')),
      ),
      fc.integer({ min: 1, max: 7 }),
      (lines, size) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
        const found: string[] = []
        const splitter = new LineSplitter((line) => found.push(line))
        for (let at = 0; at < bytes.byteLength; at += size)
          splitter.feed(bytes.subarray(at, at + size))
        splitter.end()
        assert.deepEqual(
          found,
          lines.map((line) => harmless(line)),
        )
      },
    ),
  )
})

test('a line without an end comes at the end, and one without limit is cut', () => {
  const found: string[] = []
  const splitter = new LineSplitter((line) => found.push(line))
  splitter.feed(Buffer.from('x'.repeat(5000)))
  splitter.feed(Buffer.from('y'.repeat(5000)))
  splitter.feed(Buffer.from('\r\nlast'))
  splitter.end()
  assert.deepEqual(found, [`${'x'.repeat(2000)}…`, 'last'])
})
