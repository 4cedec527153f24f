import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { buildDatabase } from '#formats/cvd/index.ts'
import { aName, aVersion } from '../../test/support/values.ts'

function cvdnet(...args: readonly string[]) {
  const run = spawnSync(process.execPath, ['bin/cvdnet.ts', 'cvd', ...args], { encoding: 'utf8' })
  return { status: run.status, out: run.stdout, complaint: run.stderr }
}

function database(name: string, ndb: string): Uint8Array {
  return buildDatabase({
    kind: 'cud',
    name: aName(name),
    version: aVersion(3),
    members: new Map([[`${name}.ndb`, Buffer.from(ndb)]]),
    builder: 'tester',
    builtAt: epochSeconds(1_700_000_000),
    functionalityLevel: 90,
    signatures: 1,
  })
}

test('cvd legacy writes four files, or none and why', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'cvdnet-legacy-'))
  const at = (file: string) => join(folder.path, file)
  writeFileSync(at('main.cud'), database('main', 'A:0:*:DEADBEEF\nB:1:*:cafe\n'))
  writeFileSync(at('daily.cud'), database('daily', 'C:0:*:cafe??\n'))
  writeFileSync(at('hashes.cud'), database('daily', 'C:0:0:cafe\n'))
  const args = [at('main.cud'), at('daily.cud'), '-o', at('old')]
  const strict = cvdnet('legacy', ...args)
  assert.equal(strict.status, 1)
  assert.match(strict.complaint, /main\.cud: nobody has signed it.*--unsigned/)
  assert.ok(!existsSync(at('old')))
  const lax = cvdnet('legacy', '--unsigned', ...args)
  assert.deepEqual([lax.status, lax.complaint], [0, ''])
  assert.match(lax.out, /viruses\.db: 1 signatures, 1 left out\n/)
  assert.equal(readFileSync(at('old/viruses.db'), 'latin1'), 'A=deadbeef\n')
  assert.match(readFileSync(at('old/viruses2.md5'), 'latin1'), /^[0-9a-f]{32} {2}viruses\.db2\n$/)
  const none = cvdnet('legacy', '--unsigned', at('main.cud'), at('hashes.cud'), '-o', at('new'))
  assert.equal(none.status, 1)
  assert.match(none.complaint, /hashes\.cud: none of its 1 signatures fits the old format/)
  assert.ok(!existsSync(at('new')))
  assert.equal(cvdnet('legacy', ...args.slice(0, 2)).status, 2)
  assert.equal(cvdnet('legacy', at('gone.cud'), at('daily.cud'), '-o', at('x')).status, 3)
})
