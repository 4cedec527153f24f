import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  describeSignatureFileFault,
  SIGNATURE_FAULTS_MAX,
  SIGNATURE_FILE_EXTENSIONS,
  SignatureFileChecker,
} from './checker.ts'

function faults(file: string, content: string | Uint8Array, blockBytes = 7): readonly string[] {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content
  const checker = new SignatureFileChecker(file)
  for (let at = 0; at < bytes.length; at += blockBytes) {
    if (!checker.push(bytes.subarray(at, at + blockBytes))) break
  }
  return checker.finish().map(describeSignatureFileFault)
}

test('faults name file, line and reason, all at once', () => {
  const text = '# c\nN:0:*:4142\nN:0:*:41zz\n\nN:x:*:4142\nN:0\n'
  for (const blockBytes of [1, 3, 1000]) {
    assert.deepEqual(faults('a.ndb', text, blockBytes), [
      'a.ndb line 3: the signature is not hexadecimal',
      'a.ndb line 4: the line is empty',
      'a.ndb line 5: the target type is not a number or *',
      'a.ndb line 6: 2 fields between ":", 4 to 6 wanted',
    ])
  }
})

test('signatures are counted without comments', () => {
  const checker = new SignatureFileChecker('a.ign2')
  checker.push(Buffer.from('# c\nA\nB\n'))
  assert.deepEqual(checker.finish(), [])
  assert.equal(checker.signatures, 2)
})

const WHOLE: readonly (readonly [string, string, string, string | undefined])[] = [
  [
    'no bytes',
    'a.ndb',
    '',
    'no bytes; the engine refuses an empty file, one comment line is enough',
  ],
  ['one comment', 'a.ndb', '# there must be one line\n', undefined],
  [
    'no last line end',
    'a.ign2',
    'A\nB',
    'line 2: the last line has no line end: the file looks cut off',
  ],
  ['CRLF', 'a.ign2', 'A\r\n', 'line 1: the line ends in CR, or has one inside'],
  ['NUL', 'a.ign2', 'A\0\n', 'line 1: byte 2 is not printable'],
  ['a comment that is not printable', 'a.ign2', '# \x1b\n', 'line 1: byte 3 is not printable'],
  ['bytes above ASCII', 'a.ign2', 'é\n', 'line 1: byte 1 is not printable'],
  ['bytes above ASCII in a password', 'a.pwdb', 'N;Engine:81-255;0;pässword\n', undefined],
  ['CRLF in rules', 'a.yar', 'rule a {\r\n\tcondition: true }', undefined],
  ['ESC in rules', 'a.yara', 'rule\x1b', 'line 1: byte 5 is not printable'],
  ['any bytes in a catalogue', 'a.cat', '\0\x01\xff', undefined],
  [
    'no bytes in a catalogue',
    'a.cat',
    '',
    'no bytes; the engine refuses an empty file, one comment line is enough',
  ],
  ['an unknown extension', 'a.exe', 'MZ', 'not a kind of signature file that the engine loads'],
  ['no extension', 'ndb2', 'x', 'not a kind of signature file that the engine loads'],
  ['a line of 8191 bytes', 'a.ign2', `${'x'.repeat(8191)}\n`, undefined],
  [
    'a line of 8192 bytes',
    'a.ign2',
    `${'x'.repeat(8192)}\n`,
    'line 1: the line has more than 8192 bytes',
  ],
]
for (const [situation, file, text, words] of WHOLE) {
  test(`a signature file with ${situation} is ${words === undefined ? 'taken' : 'refused'}`, () => {
    const separator = words?.startsWith('line ') ? ' ' : ': '
    assert.deepEqual(faults(file, text), words === undefined ? [] : [`${file}${separator}${words}`])
  })
}

test('after twenty faults there is no use in reading on', () => {
  const checker = new SignatureFileChecker('a.ndb')
  assert.equal(checker.push(Buffer.from('x\n'.repeat(SIGNATURE_FAULTS_MAX - 1))), true)
  assert.equal(checker.push(Buffer.from('x\n'.repeat(100))), false)
  assert.equal(checker.push(Buffer.from('x\n')), false)
  assert.equal(checker.finish().length, SIGNATURE_FAULTS_MAX)
})

test('an endless line is refused without being gathered', () => {
  const checker = new SignatureFileChecker('a.yar')
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  const before = process.memoryUsage().arrayBuffers
  for (let count = 0; count < 200; count++) checker.push(Buffer.from(chunk))
  assert.ok(process.memoryUsage().arrayBuffers - before < 240 * 1024 * 1024)
  checker.push(Buffer.from('\n'))
  assert.match(checker.finish().map(describeSignatureFileFault).join(), /more than 1048576 bytes/)
})

test('an endless file ends at the cap', () => {
  const checker = new SignatureFileChecker('a.cat')
  const chunk = Buffer.alloc(64 * 1024 * 1024)
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => checker.push(chunk)),
    [true, true, true, true, false],
  )
})

test('law: no bytes make it throw, whatever the extension', () => {
  const extension = fc.constantFrom(...SIGNATURE_FILE_EXTENSIONS)
  const piece = fc.constantFrom('N', ':', ';', '=', '0', '41', '*', '\n', '#', ' ', '(', '>', ',')
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join('')))
  fc.assert(
    fc.property(extension, fc.oneof(text, fc.uint8Array()), (ending, bytes) => {
      faults(`a.${ending}`, bytes)
    }),
    { numRuns: 2000 },
  )
})
