import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { CanonicalGzip, GZIP_HEAD } from './canonical-gzip.ts'

function gzipped(pieces: readonly Uint8Array[]): Buffer {
  const gzip = new CanonicalGzip()
  const packed = pieces.flatMap((piece) => [...gzip.push(piece)])
  return Buffer.concat([GZIP_HEAD, ...packed, ...gzip.end()])
}

// Node's own zlib makes 8047 bytes of this: it hashes four bytes where the original hashes three.
test('many strings with one hash come out as the original zlib packs them', () => {
  const bytes = Buffer.concat(
    Array.from({ length: 2000 }, (_, at) =>
      createHash('sha256')
        .update(String(at))
        .digest()
        .map((byte) => (byte < 200 ? 0x30 : 0x31)),
    ),
  )
  const deflated = gzipped([bytes]).subarray(GZIP_HEAD.byteLength, -8)
  assert.equal(deflated.byteLength, 8121)
  assert.equal(
    createHash('sha256').update(deflated).digest('hex'),
    'a6057f858d87c164ff1b2de13df018c632fa48f442a774cf51d5bea6a132d894',
  )
})

test('nothing at all is a stream, too', () => {
  assert.equal(gunzipSync(gzipped([])).byteLength, 0)
})

test('law: what was packed unpacks, and comes out the same however it was cut', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 30 })
  fc.assert(
    fc.property(pieces, fc.nat(50), (cut, copies) => {
      const many = Array.from({ length: copies }, () => cut).flat()
      const whole = gzipped([Buffer.concat(many)])
      assert.deepEqual(gunzipSync(whole), Buffer.concat(many))
      assert.deepEqual(gzipped(many), whole)
    }),
    { numRuns: 40 },
  )
})
