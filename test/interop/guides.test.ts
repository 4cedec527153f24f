import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempDisposableSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..')

/** The fenced shell blocks of a guide, in order. */
function blocksOf(guide: string): string {
  const text = readFileSync(join(ROOT, 'docs', 'guides', guide), 'utf8')
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join('')
}

test('the guide to databases of your own can be pasted from its first to its last block', () => {
  using place = mkdtempDisposableSync(join(tmpdir(), 'cvdnet-guide-'))
  const cvdnet = `cvdnet() { '${process.execPath}' '${join(ROOT, 'bin', 'cvdnet.ts')}' "$@"; }`
  const script = `set -eu\n${cvdnet}\n${blocksOf('own-databases.md')}`
  const end = spawnSync('bash', ['-c', script], { cwd: place.path, encoding: 'utf8' })
  assert.deepEqual([end.status, end.stderr], [0, ''])
  assert.match(end.stdout, /rebuilt\.cvd: version 2, \d+ bytes, verified/)
  for (const file of ['acme.cld', 'members/acme.ndb', 'legacy/viruses2.md5']) {
    assert.ok(existsSync(join(place.path, file)), file)
  }
})
