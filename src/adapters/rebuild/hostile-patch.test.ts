import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { signerOf } from '#core/databases/index.ts'
import { makePatch } from '#core/patches/index.ts'
import { buildDatabase, HEADER_BYTES } from '#formats/cvd/index.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import { aName, aVersion } from '../../../test/support/values.ts'
import { TEST_SECRETS } from '../../formats/dsig/test-secrets.ts'
import { describeRebuildFault, patchFile, rebuildFile } from './index.ts'

/** Patches whose signature is good and whose content is not: nothing but the signed list of members says what is right. */
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-hostile-'))
after(() => rmSync(folder, { recursive: true }))
const salt = () => new Uint8Array(32).fill(7)
const old = join(folder, 'acme.cvd')
const published = buildDatabase({
  kind: 'cvd',
  signer: signerOf(TEST_SECRETS, salt),
  name: aName('acme'),
  version: aVersion(7),
  members: new Map([['acme.ndb', Buffer.from('Test.A:0:*:deadbeef\n')]]),
  builder: 'tester',
  builtAt: epochSeconds(1_700_000_000),
  functionalityLevel: 90,
  signatures: 1,
})
writeFileSync(old, published)

function patchCalled(file: string, script: string): string {
  const patch = makePatch(aVersion(8), Buffer.from(script), TEST_SECRETS, salt)
  assert.ok(patch.ok)
  const path = join(folder, file)
  writeFileSync(path, patch.value)
  return path
}

const CHANGE = 'OPEN acme.ndb\nADD Test.B:0:*:deadbeef\nCLOSE\n'
/** Well formed, and not so even that it would pack like a bomb. */
function manyLines(): string {
  return Array.from({ length: 14_000 }, (_, at) => {
    const sha256 = createHash('sha256').update(`${at}`).digest('hex')
    return `ADD m${at}.ndb:1:${sha256}\n`
  }).join('')
}

const HOSTILE: readonly (readonly [string, string, string, string])[] = [
  ['of another database', 'other-8.cdiff', CHANGE, 'not-the-next-patch'],
  ['that changes a member and not the list', 'acme-8.cdiff', CHANGE, 'result-not-verified'],
  ['that takes a member away', 'acme-8.cdiff', 'UNLINK acme.ndb\n', 'member-not-there'],
  ['that takes the list away', 'acme-8.cdiff', 'UNLINK acme.info\n', 'member-not-there'],
  ['that takes COPYING away', 'acme-8.cdiff', 'UNLINK COPYING\n', 'member-not-there'],
  [
    'that puts a new line into the list',
    'acme-8.cdiff',
    `OPEN acme.info\nXCHG 2 acme.ndb acme.ndb:20:${'0'.repeat(64)}\nCLOSE\n`,
    'result-not-verified',
  ],
  [
    'that makes the list too large to be held',
    'acme-8.cdiff',
    `OPEN acme.info\n${manyLines()}CLOSE\n`,
    'bad-info',
  ],
]
for (const [situation, file, script, kind] of HOSTILE) {
  test(`a signed patch ${situation} makes nothing`, async () => {
    const patches = [patchCalled(file, script)]
    const before = readdirSync(folder)
    const publishers = [publicKeys(TEST_SECRETS)]
    const { signal } = new AbortController()
    const common = { old, patches, publishers, signal }
    const applied = await patchFile({ ...common, into: join(folder, 'acme.cld') })
    assert.ok(!applied.ok)
    if (kind === 'bad-info') {
      assert.match(describeRebuildFault(applied.fault), /more than 1048576 bytes/)
    }
    assert.equal(applied.fault.kind, kind, describeRebuildFault(applied.fault))
    const header = published.subarray(0, HEADER_BYTES)
    const rebuilt = await rebuildFile({ ...common, header, into: join(folder, 'new.cvd') })
    assert.ok(!rebuilt.ok)
    assert.deepEqual(readdirSync(folder), before)
  })
}
