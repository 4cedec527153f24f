import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { buildSmall, fakePublisher, inPieces } from './fake-publisher.ts'
import { type DatabaseKind, describeCvdFault, examineDatabase, HEADER_BYTES } from './index.ts'

const acme = fakePublisher('acme')

async function examine(bytes: Uint8Array, kind: DatabaseKind) {
  return examineDatabase(inPieces(bytes), { kind, verifiers: [acme.verifier] })
}

test('law: no bit can be changed unseen in a .cvd or .cud, and in a .cld only where it is harmless', async () => {
  for (const kind of ['cvd', 'cud', 'cld'] as const) {
    const good = buildSmall(kind, acme)
    const text = Buffer.from(good)
    const copyingAt = HEADER_BYTES + 512
    const copyingEnd = copyingAt + text.indexOf('\n', copyingAt) - copyingAt + 1
    for (let at = 0; at < good.byteLength; at += 1) {
      const flipped = Buffer.from(good)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
      const { faults } = await examine(flipped, kind)
      // The header of a .cld has no MD5, and `.info` does not list COPYING: nothing covers its text.
      const uncovered = kind === 'cld' && at >= copyingAt && at < copyingEnd
      // A tar's checksum leaves itself out, so in a .cld its leading zero may turn into a blank.
      if (kind === 'cld' && at % 512 >= 148 && at % 512 < 156 && flipped[at] === 0x20) continue
      assert.equal(faults.length > 0, !uncovered, `${kind}, byte ${at}`)
    }
  }
})

test('law: no bytes make the examination throw', async () => {
  const header = buildSmall('cvd', acme).subarray(0, HEADER_BYTES)
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.uint8Array({ maxLength: 3000 }).map((bytes) => gzipSync(bytes)),
    fc
      .uint8Array({ maxLength: 600 })
      .map((bytes) => Buffer.concat([Buffer.from('COPYING'), bytes])),
  )
  const kinds = fc.constantFrom<DatabaseKind>('cvd', 'cld', 'cud')
  await fc.assert(
    fc.asyncProperty(payload, kinds, async (bytes, kind) => {
      const { faults } = await examine(Buffer.concat([header, bytes]), kind)
      assert.ok(faults.length > 0)
      for (const fault of faults) assert.match(describeCvdFault(fault), /^[\x20-\x7e]{15,250}$/)
    }),
  )
})
