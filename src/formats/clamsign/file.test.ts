import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { aVersion } from '../../../test/support/values.ts'
import { appendSignature, CLAMSIGN_CHARS_MAX, parseClamsign, printClamsign } from './file.ts'
import { parseSignFileName, signFileName, signTarget } from './names.ts'

const REFUSED: readonly (readonly [string, string, string])[] = [
  ['nothing in it', '', 'not-clamsign'],
  ['a page instead', '<html>\n', 'not-clamsign'],
  ['another version', '#clamsign-1.1\n230::pkcs7-pem:AA==\n', 'not-clamsign'],
  ['no version', '#clamsign\n230::pkcs7-pem:AA==\n', 'not-clamsign'],
  ['a CR before the line end', '#clamsign-1.0\r\n', 'not-clamsign'],
  ['a line of three fields', '#clamsign-1.0\n230:pkcs7-pem:AA==\n', 'bad-line'],
  ['no lowest level', '#clamsign-1.0\n::pkcs7-pem:AA==\n', 'bad-line'],
  ['a negative level', '#clamsign-1.0\n-1::pkcs7-pem:AA==\n', 'bad-line'],
  ['too much in it', `#clamsign-1.0\n#${'x'.repeat(CLAMSIGN_CHARS_MAX)}`, 'too-large'],
]
for (const [situation, text, kind] of REFUSED) {
  test(`a .sign with ${situation} is refused as ${kind}`, () => {
    const parsed = parseClamsign(text)
    assert.ok(!parsed.ok)
    assert.equal(parsed.fault.kind, kind)
  })
}

test('comments and blank lines are skipped, and lines keep their numbers', () => {
  const parsed = parseClamsign('#clamsign-1.0\n\n# by hand\n220:229:pkcs7-pem:AA==\n230::x:\n')
  assert.deepEqual(parsed, {
    ok: true,
    value: {
      signatures: [
        { line: 4, minLevel: 220, maxLevel: 229, type: 'pkcs7-pem', data: 'AA==' },
        { line: 5, minLevel: 230, type: 'x', data: '' },
      ],
    },
  })
})

test('law: what prints reads back, and appending equals printing', () => {
  const signature = fc.record({
    minLevel: fc.nat({ max: 999 }),
    maxLevel: fc.nat({ max: 999 }),
    type: fc.constant('pkcs7-pem'),
    data: fc.base64String({ minLength: 4 }),
  })
  fc.assert(
    fc.property(fc.array(signature, { minLength: 1, maxLength: 4 }), (list) => {
      const signatures = list.map((one, index) => ({ line: 2 + index * 2, ...one }))
      const text = printClamsign({ signatures })
      assert.deepEqual(parseClamsign(text), { ok: true, value: { signatures } })
      const [first, ...rest] = signatures
      assert.ok(first !== undefined)
      const grown = rest.reduce(appendSignature, printClamsign({ signatures: [first] }))
      assert.equal(grown, text)
    }),
  )
})

test('law: no text makes the parser throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseClamsign(`#clamsign-1.0\n${text}`)))
})

test('a signature is named after what it signs, with the version for a database', () => {
  const name = (file: string, version?: number) => {
    const target = signTarget(file, version === undefined ? undefined : aVersion(version))
    return target && signFileName(target)
  }
  assert.equal(name('daily.cvd', 123), 'daily-123.cvd.sign')
  assert.equal(name('daily-123.cvd', 123), 'daily-123.cvd.sign')
  assert.equal(name('acme.cud', 7), 'acme-7.cud.sign')
  assert.equal(name('daily.cvd'), undefined)
  assert.equal(name('daily-123.cdiff'), 'daily-123.cdiff.sign')
  assert.equal(name('acme.ndb', 7), 'acme.ndb.sign')
})

test('and its name tells what it is for', () => {
  assert.deepEqual(parseSignFileName('daily-123.cvd.sign'), {
    kind: 'database',
    name: 'daily',
    version: 123,
    extension: 'cvd',
  })
  assert.deepEqual(parseSignFileName('daily-123.cdiff.sign'), {
    kind: 'file',
    file: 'daily-123.cdiff',
  })
  // Without a version it is for no database that an engine would look at.
  assert.deepEqual(parseSignFileName('daily.cvd.sign'), { kind: 'file', file: 'daily.cvd' })
  assert.equal(parseSignFileName('daily.cvd'), undefined)
  assert.equal(parseSignFileName('.sign'), undefined)
})
