import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromLatin1, toLatin1 } from '#base/bytes.ts'
import { realData, withoutRealData } from '../../../test/support/run.ts'
import { checkLegacy, LEGACY_FAULTS_MAX } from './check.ts'
import { parseChecksum, printChecksum } from './checksum.ts'
import { LegacyConverter } from './convert.ts'
import {
  describeLegacyLineFault,
  LEGACY_LINE_BYTES_MAX,
  parseLegacyLine,
  printLegacyLine,
} from './line.ts'

const skip = withoutRealData()
const REAL = [
  ['viruses.db', 8715, '5e0a4a2336950a3791bca339667557ff'],
  ['viruses.db2', 176, '832997b7de5d22936ccba0bc98a5b394'],
] as const

test('the real files of 2003 are without fault, and every line prints back', { skip }, async () => {
  for (const [file, lines, md5] of REAL) {
    const bytes = readFileSync(realData(`history/${file}`))
    assert.equal(createHash('md5').update(bytes).digest('hex'), md5)
    for (const size of [997, bytes.byteLength]) {
      assert.deepEqual(await checkLegacy(inPieces(bytes, size)), { signatures: lines, faults: [] })
    }
    const printed = toLatin1(bytes)
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const parsed = parseLegacyLine(line)
        assert.ok(parsed.ok)
        return `${printLegacyLine(parsed.value)}\n`
      })
    assert.ok(fromLatin1(printed.join('')).every((byte, at) => byte === bytes[at]))
  }
})

test('the real files go through the converter unchanged', { skip }, () => {
  for (const [file, lines] of REAL) {
    const bytes = readFileSync(realData(`history/${file}`))
    const converter = new LegacyConverter('db')
    assert.ok(Buffer.from(converter.push(bytes)).equals(bytes))
    assert.deepEqual(converter.counts, { written: lines, leftOut: 0 })
  }
})

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['a blank line', '', 'no-equals-sign'],
  ['a comment', '# comment', 'no-equals-sign'],
  ['a jump', 'A=dead{2}beef', 'future-type'],
  ['a brace in the name', 'A{=dead', 'future-type'],
  ['a second equals sign', 'A==dead', 'future-type'],
  ['no name', '=dead', 'bad-name'],
  ['a bracket in front', '(Clam)=dead', 'bad-name'],
  ['a control character', 'A\x07=dead', 'bad-name'],
  ['no pattern', 'A=', 'bad-pattern'],
  ['capitals', 'A=DEAD', 'bad-pattern'],
  ['an odd digit', 'A=deadb', 'bad-pattern'],
  ['one byte', 'A=de', 'bad-pattern'],
  ['a CR', 'A=dead\r', 'bad-pattern'],
  ['more than the buffer', `A=${'a'.repeat(LEGACY_LINE_BYTES_MAX)}`, 'line-too-long'],
]
for (const [situation, line, kind] of REFUSED) {
  test(`an old client's line with ${situation} is a fault: ${kind}`, async () => {
    const parsed = parseLegacyLine(line)
    assert.ok(!parsed.ok)
    assert.equal(parsed.fault.kind, kind)
    assert.notEqual(describeLegacyLineFault(parsed.fault), '')
    const text = fromLatin1(`A=dead\n${line}\nB=beef\n`)
    for (const size of [500, 5000, text.byteLength]) {
      const { signatures, faults } = await checkLegacy(inPieces(text, size))
      assert.deepEqual(
        { signatures, faults: faults.map((fault) => [fault.line, fault.kind]) },
        { signatures: 2, faults: [[2, kind]] },
      )
    }
  })
}

test('a file without an end of line is told, and faults end at a number', async () => {
  const cut = await checkLegacy([fromLatin1('A=dead')])
  assert.deepEqual(cut, { signatures: 1, faults: [{ line: 1, kind: 'no-line-end' }] })
  const many = await checkLegacy([fromLatin1('x\n'.repeat(1000))])
  assert.equal(many.faults.length, LEGACY_FAULTS_MAX)
})

test('law: a checksum file prints and reads back; what clients would not take is none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const md5 = Buffer.from(bytes).toString('hex')
      assert.equal(parseChecksum(printChecksum(md5, 'viruses.db')), md5)
      assert.equal(parseChecksum(md5), md5)
    }),
  )
  for (const text of [
    '',
    '<html>',
    'A'.repeat(32),
    'ab'.repeat(15),
    `${'ab'.repeat(16)}`.repeat(999),
  ]) {
    assert.equal(parseChecksum(text), undefined)
  }
})

function* inPieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}
