import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { dbVersion } from '#base/names.ts'
import {
  CDIFF_BYTES_MAX,
  type Cdiff,
  parseCdiff,
  printSignedPart,
  SCRIPT_BYTES_MAX,
  signedDigest,
  unpackScript,
} from './container.ts'

const SIGNATURE = 'aB9+/'.repeat(68)
const SCRIPT = Buffer.from('UNLINK a.ndb\n')

function patch(gzip: Uint8Array, scriptBytes: number, signature = SIGNATURE): Uint8Array {
  const version = dbVersion(7)
  assert.ok(version !== undefined)
  return Buffer.concat([printSignedPart(version, scriptBytes, gzip), Buffer.from(`:${signature}`)])
}

function parsed(bytes: Uint8Array): Cdiff {
  const cdiff = parseCdiff(bytes)
  assert.ok(cdiff.ok, JSON.stringify(cdiff))
  return cdiff.value
}

test('a patch falls into version, script, signed bytes and signature', () => {
  const bytes = patch(gzipSync(SCRIPT), SCRIPT.length)
  const cdiff = parsed(bytes)
  assert.equal(cdiff.version, 7)
  assert.equal(cdiff.signature, SIGNATURE)
  assert.deepEqual(
    Buffer.from(cdiff.signed),
    Buffer.from(bytes.subarray(0, bytes.length - SIGNATURE.length - 1)),
  )
  assert.equal(signedDigest(cdiff).length, 32)
  assert.deepEqual(unpackScript(cdiff), { ok: true, value: SCRIPT })
})

const good = patch(gzipSync(SCRIPT), SCRIPT.length)
const text = Buffer.from(good).toString('latin1')
const BROKEN: readonly (readonly [string, Uint8Array, string])[] = [
  ['nothing', new Uint8Array(0), 'empty-patch'],
  ['a page', Buffer.from('<html>'), 'patch-too-short'],
  ['a long page', Buffer.from('<html>'.repeat(100)), 'bad-patch-header'],
  ['too much', new Uint8Array(CDIFF_BYTES_MAX + 1), 'patch-too-large'],
  ['a negative version', Buffer.from(text.replace(':7:', ':-7:'), 'latin1'), 'bad-patch-header'],
  [
    'a version beyond an int',
    Buffer.from(text.replace(':7:', ':2147483648:'), 'latin1'),
    'bad-patch-header',
  ],
  [
    'no signature',
    Buffer.from(`${text.slice(0, -SIGNATURE.length)}${'='.repeat(340)}`, 'latin1'),
    'no-patch-signature',
  ],
  ['a line end after the signature', Buffer.from(`${text}\n`, 'latin1'), 'no-patch-signature'],
  ['no script', patch(new Uint8Array(0), 0), 'bad-gzip'],
]
for (const [situation, bytes, kind] of BROKEN) {
  test(`a patch with ${situation} is refused as ${kind}`, () => {
    const cdiff = parseCdiff(bytes)
    assert.equal(cdiff.ok ? 'accepted' : cdiff.fault.kind, kind)
  })
}

const MEGABYTE = 1024 * 1024
const bomb = gzipSync(new Uint8Array(8 * MEGABYTE))
const SCRIPTS: readonly (readonly [string, Uint8Array, string])[] = [
  ['that is not gzip', patch(Buffer.from('hello'), 5), 'bad-gzip'],
  ['that is cut', patch(gzipSync(SCRIPT).subarray(0, 20), SCRIPT.length), 'bad-gzip'],
  [
    'with rubbish behind it',
    patch(Buffer.concat([gzipSync(SCRIPT), Buffer.from('x')]), SCRIPT.length),
    'bad-gzip',
  ],
  ['shorter than declared', patch(gzipSync(SCRIPT), SCRIPT.length + 1), 'script-length-differs'],
  ['longer than declared', patch(gzipSync(SCRIPT), SCRIPT.length - 1), 'script-length-differs'],
  ['that is an undeclared bomb', patch(bomb, 100), 'script-length-differs'],
  ['that is a declared bomb', patch(bomb, 8 * MEGABYTE), 'script-too-dense'],
  ['beyond the cap', patch(bomb, SCRIPT_BYTES_MAX + 1), 'script-too-large'],
]
for (const [situation, bytes, kind] of SCRIPTS) {
  test(`a script ${situation} is refused as ${kind}`, () => {
    const script = unpackScript(parsed(bytes))
    assert.equal(script.ok ? 'accepted' : script.fault.kind, kind)
  })
}

test('law: no bytes make the parser throw', () => {
  const noisy = fc
    .tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }))
    .map(([at, byte]) => Buffer.from(good).fill(byte, at, at + 1))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), noisy), (bytes) => {
      const cdiff = parseCdiff(bytes)
      if (cdiff.ok) unpackScript(cdiff.value)
    }),
    { numRuns: 1000 },
  )
})
