import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { inPieces } from './fake-publisher.ts'
import { gunzip } from './gunzip.ts'
import { Intake } from './intake.ts'

async function unpack(stream: Uint8Array, piece = 50): Promise<{ text: string; fault: string }> {
  const file = Buffer.concat([new Uint8Array(512), stream])
  const intake = new Intake(inPieces(file, piece), { fileBytesMax: 1e9, wholeSha256: false })
  await intake.start(0)
  const pieces = gunzip(intake)
  let text = ''
  for (;;) {
    const step = await pieces.next()
    if (step.done === true) return { text, fault: step.value?.kind ?? 'none' }
    text += Buffer.from(step.value).toString('latin1')
  }
}

const TEXT = 'Signature text that repeats, repeats and repeats.\n'.repeat(30)
const GOOD = gzipSync(TEXT)

test('one gzip member is unpacked, in pieces of any size', async () => {
  for (const piece of [1, 7, 50, 512, 1e6]) {
    assert.deepEqual(await unpack(GOOD, piece), { text: TEXT, fault: 'none' })
  }
})

test('a stream cut anywhere is noticed', async () => {
  for (let bytes = 0; bytes < GOOD.length; bytes += 1) {
    const { fault } = await unpack(GOOD.subarray(0, bytes))
    assert.equal(fault, 'gzip-truncated', `after ${bytes} bytes`)
  }
})

test('what stands behind the stream is noticed, be it zeros, garbage or a second member', async () => {
  for (const more of [new Uint8Array(1), Buffer.from('more'), new Uint8Array(5000), GOOD]) {
    for (const piece of [1, 50, 1e6]) {
      const { text, fault } = await unpack(Buffer.concat([GOOD, more]), piece)
      assert.deepEqual({ text, fault }, { text: TEXT, fault: 'bytes-after-gzip' })
    }
  }
})

test('a wrong checksum, a wrong length and broken data are told apart', async () => {
  const changed = (at: number) => {
    const stream = Buffer.from(GOOD)
    stream[stream.length + at] = (stream.at(at) ?? 0) ^ 1
    return stream
  }
  assert.equal((await unpack(changed(-8))).fault, 'gzip-wrong-checksum')
  assert.equal((await unpack(changed(-1))).fault, 'gzip-wrong-length')
  const broken = Buffer.from(GOOD)
  broken[10] = 0xff
  assert.equal((await unpack(broken)).fault, 'gzip-broken')
  assert.equal((await unpack(Buffer.from('<html>'))).fault, 'not-gzip')
})

test('a header with a file name, a comment and an extra field is passed over', async () => {
  const body = Buffer.concat([deflateRawSync(TEXT), GOOD.subarray(-8)])
  const head = (flags: number, more: string) =>
    Buffer.concat([
      Uint8Array.of(0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 2, 3),
      Buffer.from(more, 'latin1'),
      body,
    ])
  for (const [flags, more] of [
    [0x08, 'daily.tar\0'],
    [0x10, 'a comment\0'],
    [0x04, '\x03\x00abc'],
    [0x02, 'cc'],
    [0x1e, '\x01\x00aname\0comment\0cc'],
  ] as const) {
    assert.deepEqual(await unpack(head(flags, more), 3), { text: TEXT, fault: 'none' })
  }
  assert.equal((await unpack(head(0x08, 'n'.repeat(3000)))).fault, 'gzip-header-too-long')
  assert.equal((await unpack(head(0x20, ''))).fault, 'not-gzip')
})

test('law: no bytes make it throw or hang, and only a whole stream is good', async () => {
  const nearly = fc
    .tuple(fc.nat(GOOD.length - 1), fc.integer({ min: 1, max: 255 }))
    .map(([at, mask]) => {
      const stream = Buffer.from(GOOD)
      stream[at] = (stream[at] ?? 0) ^ mask
      return stream
    })
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array(), nearly), async (stream) => {
      const { text, fault } = await unpack(stream, 20)
      if (fault === 'none') assert.equal(text, TEXT)
    }),
  )
})
