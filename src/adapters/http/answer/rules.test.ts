import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { epochSeconds } from '#base/time.ts'
import { formatHttpDate } from '#formats/http-fields/index.ts'
import { contentType } from '../files/content-type.ts'
import type { Conditions } from '../request/conditions.ts'
import { pathOfTarget } from '../request/request-target.ts'
import { decideAnswer } from './decide-answer.ts'

const BUILT = epochSeconds(1_624_388_302)
/** A day later. */
const NOW = BUILT + 86_400
const TAG = '"one"'
const NOW_OR_LATER = 'Tue, 22 Jun 2021 18:58:22 GMT'
const FILE = { bytes: 1000, lastModified: BUILT, date: NOW_OR_LATER, tag: TAG }
const EARLIER = 'Tue, 22 Jun 2021 18:58:21 GMT'

function answer(conditions: Conditions, path = 'daily.cvd', method: 'GET' | 'HEAD' = 'GET') {
  return decideAnswer({ method, path, conditions, now: NOW }, FILE)
}

test('single ranges: closed, open, suffix, past the end', () => {
  assert.deepEqual(answer({ range: 'bytes=0-511' }), { kind: 'part', from: 0, bytes: 512 })
  assert.deepEqual(answer({ range: 'bytes=990-' }), { kind: 'part', from: 990, bytes: 10 })
  assert.deepEqual(answer({ range: 'bytes=990-99999' }), { kind: 'part', from: 990, bytes: 10 })
  assert.deepEqual(answer({ range: 'bytes=-10' }), { kind: 'part', from: 990, bytes: 10 })
  assert.deepEqual(answer({ range: 'bytes=-5000' }), { kind: 'part', from: 0, bytes: 1000 })
  assert.deepEqual(answer({ range: 'bytes=1000-' }), { kind: 'no-such-part' })
  assert.deepEqual(answer({ range: 'Bytes=0-9' }), { kind: 'part', from: 0, bytes: 10 })
  const beyond = '9'.repeat(400)
  assert.deepEqual(answer({ range: `bytes=0-${beyond}` }), { kind: 'part', from: 0, bytes: 1000 })
  assert.deepEqual(answer({ range: `bytes=${beyond}-` }), { kind: 'no-such-part' })
  assert.deepEqual(answer({ range: 'bytes=-0' }), { kind: 'no-such-part' })
  for (const range of ['bytes=0-1,5-9', 'bytes=5-1', 'bytes=-', 'lines=0-1', 'bytes=a-b']) {
    assert.deepEqual(answer({ range }), { kind: 'whole' }, range)
  }
})

test('a part lies inside the file, whatever was asked for', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat({ max: 2000 }), (first, last, bytes) => {
      for (const range of [`bytes=${first}-${last}`, `bytes=${first}-`, `bytes=-${last}`]) {
        const file = { bytes, lastModified: BUILT, date: NOW_OR_LATER, tag: TAG }
        const asked = { method: 'GET', path: 'x', now: NOW } as const
        const decided = decideAnswer({ ...asked, conditions: { range } }, file)
        if (decided.kind !== 'part') continue
        assert.ok(decided.from >= 0 && decided.bytes > 0 && decided.from + decided.bytes <= bytes)
      }
    }),
  )
})

test('If-Modified-Since counts on Range requests, and on whole files but for a .cvd', () => {
  const range = 'bytes=0-511'
  const since = { 'if-modified-since': NOW_OR_LATER }
  assert.equal(answer({ ...since, range }).kind, 'not-modified')
  assert.equal(answer({ 'if-modified-since': EARLIER, range }).kind, 'part')
  assert.equal(answer(since, 'daily.cvd').kind, 'whole')
  assert.equal(answer(since, 'daily.cvd', 'HEAD').kind, 'not-modified')
  assert.equal(answer(since, 'phish.ndb').kind, 'not-modified')
  assert.equal(answer({ 'if-modified-since': EARLIER }, 'phish.ndb').kind, 'whole')
  assert.equal(answer({ ...since, 'if-none-match': '"x"' }, 'phish.ndb').kind, 'whole')
})

test('a date that is still to come keeps no later version from a client whose clock was wrong', () => {
  const since = (ahead: number) => ({
    'if-modified-since': formatHttpDate(epochSeconds(NOW + ahead)),
  })
  assert.equal(answer(since(0), 'phish.ndb').kind, 'not-modified')
  assert.equal(answer(since(1), 'phish.ndb').kind, 'whole')
  assert.equal(answer({ ...since(1), range: 'bytes=0-511' }).kind, 'part')
})

test('If-Range by date gives the part only while the file is that one', () => {
  const range = 'bytes=5-9'
  assert.equal(answer({ range, 'if-range': NOW_OR_LATER }).kind, 'part')
  assert.equal(answer({ range, 'if-range': EARLIER }).kind, 'whole')
  assert.equal(answer({ range, 'if-range': '"tag"' }).kind, 'whole')
})

test('HEAD has no parts', () => {
  assert.equal(answer({ range: 'bytes=0-1' }, 'x', 'HEAD').kind, 'whole')
})

test('targets name one file, or none', () => {
  const same: Record<string, string> = {
    '/': '',
    '/main.cvd': 'main.cvd',
    '//main.cvd': 'main.cvd',
    '/database/viruses.db': 'database/viruses.db',
    '/main.cvd?x=/../y': 'main.cvd',
    '/m%61in.cvd': 'main.cvd',
    'http://database.clamav.test/main.cvd': 'main.cvd',
    'http://database.clamav.test': '',
    '/local_stats/': 'local_stats/',
  }
  for (const [target, path] of Object.entries(same)) assert.equal(pathOfTarget(target), path)
  const none = [
    '*',
    'main.cvd',
    '/../etc/passwd',
    '/%2e%2e/etc/passwd',
    '/local_stats/..%2f..%2fetc/passwd',
    '/local_stats%5c..%5cx',
    '/.htaccess',
    '/./main.cvd',
    '/main.cvd%00',
    '/main.cvd%',
    '/%ff',
    '/main.cvd#x',
    `/${'a'.repeat(3000)}`,
    'ftp://host/main.cvd',
  ]
  for (const target of none) assert.equal(pathOfTarget(target), undefined, target)
  // Decoded once only: a doubly encoded name is the name of no file.
  assert.equal(pathOfTarget('/%252e%252e/x'), '%2e%2e/x')
})

test('no target whatever yields a path with a way up or a hidden part', () => {
  const hostile = fc.array(
    fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '\\',
      '%00',
      '%',
      'a',
      'local_',
      '?',
      '%25',
    ),
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        hostile.map((parts) => `/${parts.join('')}`),
      ),
      (target) => {
        for (const name of pathOfTarget(target)?.split('/') ?? []) {
          assert.ok(!name.startsWith('.') && !/[\\\0]/.test(name))
        }
      },
    ),
  )
})

test('types are known for pages and pictures, and unknown is bytes', () => {
  assert.equal(contentType('index.html'), 'text/html; charset=utf-8')
  assert.equal(contentType('local_stats/usage.PNG'), 'image/png')
  for (const path of ['daily.cvd', 'timestamp.constructor', 'a.__proto__', 'noextension']) {
    assert.equal(contentType(path), 'application/octet-stream')
  }
})
