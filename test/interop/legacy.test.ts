import assert from 'node:assert/strict'
import { mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeLegacy } from '#adapters/databases/index.ts'
import { epochSeconds } from '#base/time.ts'
import { buildDatabase } from '#formats/cvd/index.ts'
import { run, without } from '../support/run.ts'
import { aName, aVersion } from '../support/values.ts'

/** The real md5sum, and the real engine of today, which still reads `Name=HEX`. */
test('md5sum checks what we wrote, and the engine finds the sample by the old file', {
  skip: without('md5sum', 'clamscan'),
}, async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'cvdnet-legacy-'))
  const at = (file: string) => join(folder.path, file)
  const hex = (text: string) => Buffer.from(text).toString('hex')
  const ndb = [
    `Cvdnet.Plain:0:*:${hex('a sample of cvdnet')}`,
    `Cvdnet.Parts:0:*:${hex('first').toUpperCase()}*${hex('second')}`,
    `Cvdnet.Placed:0:0:${hex('never said')}`,
  ]
  const bytes = buildDatabase({
    kind: 'cud',
    name: aName('main'),
    version: aVersion(1),
    members: new Map([['main.ndb', Buffer.from(ndb.map((line) => `${line}\n`).join(''))]]),
    builder: 'tester',
    builtAt: epochSeconds(1_700_000_000),
    functionalityLevel: 90,
    signatures: ndb.length,
  })
  writeFileSync(at('main.cud'), bytes)
  const { signal } = new AbortController()
  const made = await makeLegacy({ main: at('main.cud'), into: at('old'), verifiers: [], signal })
  assert.ok(made.ok)
  const sum = await run('md5sum', ['--check', '--strict', 'viruses.md5'], { cwd: at('old') })
  assert.equal(sum.out, 'viruses.db: OK\n')
  writeFileSync(at('plain'), 'here is a sample of cvdnet, plain\n')
  writeFileSync(at('parts'), 'the first thing and then the second\n')
  writeFileSync(at('clean'), 'never said\n')
  const scanned = await run('clamscan', [
    ...['--no-summary', '--database', at('old/viruses.db')],
    ...['plain', 'parts', 'clean'].map(at),
  ])
  assert.match(scanned.out, /plain: Cvdnet\.Plain\.UNOFFICIAL FOUND/)
  assert.match(scanned.out, /parts: Cvdnet\.Parts\.UNOFFICIAL FOUND/)
  assert.match(scanned.out, /clean: OK/)
})
