import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isUploadInProgress, resolveUploadPath, uploadPathText, uploadPlacePath } from './index.ts'

const PLACES: Readonly<Record<string, string>> = {
  '': '/',
  '.': '/',
  '/': '/',
  '//': '/',
  '~': '/',
  '~/': '/',
  '..': '/',
  '/..': '/',
  '../../..': '/',
  public_html: '/public_html',
  './public_html/': '/public_html',
  '/public_html//.': '/public_html',
  '~/public_html': '/public_html',
  '../public_html': '/public_html',
  'public_html/..': '/',
  '/public_html/daily.cvd': '/public_html/daily.cvd',
  'public_html//daily.cvd': '/public_html/daily.cvd',
  'public_html/x/../daily.cvd': '/public_html/daily.cvd',
  '/etc/../public_html/a': '/public_html/a',
}

const FAULTS: Readonly<Record<string, string>> = {
  '/etc/passwd': 'outside',
  'public_html/../etc/passwd': 'outside',
  '../.ssh/authorized_keys': 'outside',
  '.ssh': 'outside',
  'x/~': 'outside',
  'daily.cvd': 'outside',
  '/public_html/a/b': 'sub-folder',
  'public_html/.hidden': 'bad-name',
  'public_html/-x': 'bad-name',
  'public_html/a b': 'bad-name',
  'public_html/a\nb': 'bad-name',
  'public_html/a\0b': 'bad-name',
  'public_html/ä': 'bad-name',
  [`public_html/${'a'.repeat(129)}`]: 'bad-name',
  ['../'.repeat(2000)]: 'bad-name',
}

for (const [path, expected] of Object.entries(PLACES)) {
  test(`"${path}" is ${expected}`, () => {
    const place = resolveUploadPath(path)
    assert.ok(place.ok)
    assert.equal(uploadPlacePath(place.value), expected)
  })
}

for (const [path, expected] of Object.entries(FAULTS)) {
  test(`${JSON.stringify(path.slice(0, 40))} is refused: ${expected}`, () => {
    const place = resolveUploadPath(path)
    assert.ok(!place.ok)
    assert.equal(place.fault.kind, expected)
    assert.match(uploadPathText(place.fault), /public_html|plain file name/)
  })
}

test('law: no path leads anywhere but home, folder and plain files in it, and resolving twice changes nothing', () => {
  const step = fc.oneof(
    fc.constantFrom('..', '.', '', '~', 'public_html', 'a.cvd', '-x', '.x'),
    fc.string({ unit: 'binary', maxLength: 6 }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const place = resolveUploadPath(steps.join('/'))
      if (!place.ok) return
      const path = uploadPlacePath(place.value)
      assert.match(path, /^\/(?:public_html(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)?)?$/)
      assert.deepEqual(resolveUploadPath(path), place)
    }),
    { numRuns: 2000 },
  )
})

test('unfinished uploads are known by their names', () => {
  for (const name of ['.daily.cvd.Ab3dEf', '.daily.cvd.x1.part', 'daily.cvd.part', 'a.filepart']) {
    assert.equal(isUploadInProgress(name), true, name)
  }
  for (const name of ['daily.cvd', 'daily-27001.cdiff', 'part', 'daily.cvd.sign']) {
    assert.equal(isUploadInProgress(name), false, name)
  }
})
