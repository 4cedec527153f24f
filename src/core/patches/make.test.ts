import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dbVersion } from '#base/names.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import { TEST_SECRETS } from '../../formats/dsig/test-secrets.ts'
import { checkPatch, makePatch } from './index.ts'

const version = dbVersion(7)
assert.ok(version !== undefined)
const salt = () => new Uint8Array(32).fill(7)

test('a patch that we make passes our own check, for its version and its publisher only', () => {
  const script = Buffer.from('OPEN a.ndb\nADD x\nCLOSE\n')
  const patch = makePatch(version, script, TEST_SECRETS, salt)
  assert.ok(patch.ok)
  const checked = checkPatch(patch.value, version, [publicKeys(TEST_SECRETS)])
  assert.ok(checked.ok)
  assert.deepEqual(Buffer.from(checked.value.script.bytes), script)
  const other = checkPatch(patch.value, version, [])
  assert.ok(!other.ok && other.fault.kind === 'patch-not-signed-by')
})

test('a patch for another version than its name says is refused, whether older or newer', () => {
  const script = Buffer.from('OPEN a.ndb\nADD x\nCLOSE\n')
  const patch = makePatch(version, script, TEST_SECRETS, salt)
  assert.ok(patch.ok)
  for (const expected of [dbVersion(version - 1), dbVersion(version + 1)]) {
    assert.ok(expected !== undefined)
    assert.deepEqual(checkPatch(patch.value, expected, [publicKeys(TEST_SECRETS)]), {
      ok: false,
      fault: { kind: 'other-patch-version', expected, found: version },
    })
  }
})

test('a script so dense that readers would take it for a bomb is not made', () => {
  const script = Buffer.from(`OPEN a.ndb\n${'ADD \n'.repeat(1_000_000)}CLOSE\n`)
  const patch = makePatch(version, script, TEST_SECRETS, salt)
  assert.ok(!patch.ok && patch.fault.kind === 'script-too-dense')
})
