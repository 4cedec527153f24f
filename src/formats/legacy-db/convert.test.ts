import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromLatin1, toLatin1 } from '#base/bytes.ts'
import { LegacyConverter, type LegacyCounts, type LegacySource } from './convert.ts'
import { LEGACY_LINE_BYTES_MAX, parseLegacyLine, printLegacyLine } from './line.ts'

function converted(
  source: LegacySource,
  text: string,
  pieceBytes = 1 << 20,
): { readonly text: string; readonly counts: LegacyCounts } {
  const converter = new LegacyConverter(source)
  const bytes = fromLatin1(text)
  let out = ''
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
    out += toLatin1(converter.push(bytes.subarray(at, at + pieceBytes)))
  }
  out += toLatin1(converter.end())
  return { text: out, counts: converter.counts }
}

const CASES: readonly (readonly [string, LegacySource, string, string])[] = [
  ['a plain .db line', 'db', 'A.B-1=deadbeef', 'A.B-1=deadbeef\n'],
  ['capitals', 'db', 'A=DEADBEEF', 'A=deadbeef\n'],
  ['a name with blanks and (Clam)', 'db', 'W32/X Y (Clam)=dead', 'W32/X Y (Clam)=dead\n'],
  ['an old name in Latin-1', 'db', 'Hafenstra\xdfe=deadbeef', 'Hafenstra\xdfe=deadbeef\n'],
  ['a colon in a .db name', 'db', 'A:B=dead', 'A:B=dead\n'],
  ['parts', 'db', 'A=dead*beef*0102', 'A=dead*beef*0102\n'],
  ['wild bytes', 'db', 'A=dead??be??', 'A=dead??be??\n'],
  ['a half wild byte', 'db', 'A=deadbe?f', ''],
  ['a part that starts wild', 'db', 'A=dead*??beef', ''],
  ['a part of one byte', 'db', 'A=dead*be*beef', ''],
  ['a star at the end', 'db', 'A=dead*', ''],
  ['two stars', 'db', 'A=dead**beef', ''],
  ['an odd digit', 'db', 'A=deadbee', ''],
  ['a jump', 'db', 'A=dead{4}beef', ''],
  ['alternatives', 'db', 'A=dead(be|ef)beef', ''],
  ['a second equals sign', 'db', 'A==deadbeef', ''],
  ['an equals sign in a .ndb name', 'ndb', 'A=B:0:*:deadbeef', ''],
  ['a brace in a name', 'db', 'A{2}=deadbeef', ''],
  ['a bracket at the start of a name', 'db', '(Clam)=deadbeef', ''],
  ['no name', 'db', '=deadbeef', ''],
  ['no pattern', 'db', 'A=', ''],
  ['a CR', 'db', 'A=deadbeef\r', ''],
  ['a tab in a name', 'db', 'A\tB=deadbeef', ''],
  ['any file and any place', 'ndb', 'A.B-1:0:*:DEADBEEF', 'A.B-1=deadbeef\n'],
  ['another target', 'ndb', 'A:1:*:deadbeef', ''],
  ['any target', 'ndb', 'A:*:*:deadbeef', ''],
  ['a place', 'ndb', 'A:0:0:deadbeef', ''],
  ['a level', 'ndb', 'A:0:*:deadbeef:51', ''],
  ['a .db line in a .ndb', 'ndb', 'A=deadbeef', ''],
]
for (const [situation, source, line, expected] of CASES) {
  test(`${source}: ${situation} ${expected === '' ? 'is left out' : 'is said'}`, () => {
    const { text, counts } = converted(source, `${line}\n`)
    assert.equal(text, expected)
    const written = expected === '' ? 0 : 1
    assert.deepEqual(counts, { written, leftOut: 1 - written })
  })
}

test('comments and blank lines are neither written nor counted; a last line needs no LF', () => {
  const { text, counts } = converted('db', '# A=deadbeef\n\nB=deadbeef')
  assert.equal(text, 'B=deadbeef\n')
  assert.deepEqual(counts, { written: 1, leftOut: 0 })
})

test('a line as long as the old buffer is said, a longer one is not, wherever the pieces end', () => {
  const fits = `A=${'ab'.repeat((LEGACY_LINE_BYTES_MAX - 2) / 2)}`
  assert.equal(fits.length, LEGACY_LINE_BYTES_MAX)
  for (const pieceBytes of [1000, 65_536, 1 << 20]) {
    assert.equal(converted('db', `${fits}\nB=dead\n`, pieceBytes).text, `${fits}\nB=dead\n`)
    const { text, counts } = converted('db', `A${fits}\nB=dead\n`, pieceBytes)
    assert.equal(text, 'B=dead\n')
    assert.deepEqual(counts, { written: 1, leftOut: 1 })
  }
  const huge = converted('db', `${fits.repeat(20)}\nB=dead\n`, 4096)
  assert.deepEqual(huge.counts, { written: 1, leftOut: 1 })
})

/** The same rule in two lines, slow and plain. */
function expectedOf(source: LegacySource, text: string): string {
  const lines = text.split('\n').flatMap((line) => {
    if (line.startsWith('#') || (source === 'db' && /[{}]/.test(line))) return []
    const ndb = /^([^:={}]*):0:\*:([^:]*)$/.exec(line)
    const [name, hex] =
      source === 'ndb'
        ? [ndb?.[1], ndb?.[2]]
        : [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]
    if (name === undefined || hex === undefined || !line.includes(source === 'db' ? '=' : ':')) {
      return []
    }
    const parsed = parseLegacyLine(`${name}=${hex.toLowerCase()}`)
    return parsed.ok ? [`${printLegacyLine(parsed.value)}\n`] : []
  })
  return lines.join('')
}

const chars = (alphabet: string) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 6 })
const hex = fc
  .array(fc.constantFrom('ab', 'CD', '01', '??', '*', 'dead', 'f', '{2}', '?'), { maxLength: 8 })
  .map((parts) => parts.join(''))
const name = chars('aZ9.- (:={}\xdf\t#')
const line = fc.oneof(
  fc.tuple(name, hex).map(([left, right]) => `${left}=${right}`),
  fc.tuple(name, hex).map(([left, right]) => `${left}:0:*:${right}`),
  fc.tuple(name, hex).map(([left, right]) => `${left}:0:*:${right}:1`),
  chars('a=:*0\r#'),
)

test('law: the fast converter says what the plain rule says, however the bytes are cut', () => {
  const lines = fc.array(line, { maxLength: 8 })
  const source = fc.constantFrom<LegacySource>('db', 'ndb')
  fc.assert(
    fc.property(source, lines, fc.integer({ min: 1, max: 40 }), (kind, list, pieceBytes) => {
      const text = list.map((one) => `${one}\n`).join('')
      assert.equal(converted(kind, text, pieceBytes).text, expectedOf(kind, text))
    }),
    { numRuns: 1000 },
  )
})

test('law: no bytes make it throw, and what it writes are old lines', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { text } = converted('db', toLatin1(bytes), 7)
      for (const one of text.split('\n').slice(0, -1)) assert.ok(parseLegacyLine(one).ok)
    }),
  )
})
