import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { aName, aSerial, aVersion } from '../../../test/support/values.ts'
import { indexPage, mirrorsPage } from './pages.ts'

const at = epochSeconds(1_700_000_000)

test('the index names every database with version and date, and shows a local logo', () => {
  const file = {
    kind: 'database',
    path: 'daily.cvd',
    bytes: 1_234_567,
    sha256: 'ab',
    name: aName('daily'),
    version: aVersion(27_001),
    builtAt: at,
    datedAt: at,
  } as const
  const release = { serial: aSerial(7), publishedAt: at, files: new Map([[file.path, file]]) }
  const html = indexPage('clamav.test', release, at)
  for (const text of [
    'daily.cvd',
    '27001',
    '1 234 567',
    '2023-11-14T22:13:20Z',
    'local_logo.png',
  ]) {
    assert.ok(html.includes(text), text)
  }
  assert.ok(!html.includes('<script'))
})

// field-notes 4: hostile text in operator fields on the status page.
test('what an operator typed is shown as text, never as markup', () => {
  const evil = '"><script>alert(1)</script>'
  const html = mirrorsPage('z', [{ name: evil, host: evil, country: evil, region: evil }], at)
  assert.ok(!html.includes('<script'))
  assert.ok(html.includes('&lt;script&gt;'))
})
