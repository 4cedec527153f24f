/** Our reading of EXCLUDE patterns against rsync's own: what it leaves out is what we take for hidden. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { hiddenBy } from '#core/sync/index.ts'

const PATHS = [
  'daily.cvd',
  'daily-1.cdiff',
  'daily-12.cdiff',
  'a.ndb',
  'a*b',
  'axb',
  'local_logo.png',
  'sub/local_x/y',
  'database/viruses.db',
  'database/viruses.md5',
  'sub/database/viruses.db',
  'sub/deep/er/daily.cvd',
  'sub/deep/daily.cvd',
  'keep/one/two',
  'keeper',
  '[z-a]x',
]

const PATTERNS = [
  ['*.cdiff'],
  ['/daily*'],
  ['daily-?.cdiff'],
  ['daily-[0-9][0-9].cdiff'],
  ['[!d]*.cvd', 'a.[mn]db'],
  ['database'],
  ['database/'],
  ['/database/'],
  ['daily.cvd/'],
  ['database/viruses.db'],
  ['/database/*.md5'],
  ['sub/*/daily.cvd'],
  ['/sub/**/daily.cvd'],
  ['sub/**'],
  ['**/er/*'],
  ['keep/***'],
  ['/keep/***'],
  ['a\\*b'],
  ['deep/er'],
  ['*'],
  ['/*/*'],
  ['**.db'],
]

test('what rsync leaves out is hidden, and nothing else', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'cvdnet-exclude-'))
  for (const path of PATHS) {
    await mkdir(dirname(join(dir.path, path)), { recursive: true })
    await writeFile(join(dir.path, path), '')
  }
  for (const patterns of PATTERNS) {
    const excludes = ['local_*', ...patterns].map((pattern) => `--exclude=${pattern}`)
    const args = ['-r', '--out-format=%n', '--dry-run', ...excludes, `${dir.path}/`, '/nowhere/']
    const { stdout, status, stderr } = spawnSync('rsync', args, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    const sent = stdout.split('\n').filter((line) => PATHS.includes(line))
    const hidden = hiddenBy(patterns)
    assert.deepEqual(sent.sort(), PATHS.filter((path) => !hidden(path)).sort(), patterns.join(' '))
  }
})
