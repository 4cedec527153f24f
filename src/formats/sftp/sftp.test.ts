import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FieldWriter } from './fields.ts'
import { parseSftpRequest, SFTP_PACKET_BYTES_MAX, SftpPackets, sftpStatus } from './index.ts'

function body(fields: FieldWriter): Uint8Array {
  return fields.packet().subarray(4)
}

test('an open as scp sends it: write and create, not truncate', () => {
  const packet = new FieldWriter(3).uint32(7).text('public_html/a.cvd').uint32(0x0a).uint32(0)
  assert.deepEqual(parseSftpRequest(body(packet)), {
    ok: true,
    value: {
      kind: 'open',
      id: 7,
      path: 'public_html/a.cvd',
      flags: {
        read: false,
        write: true,
        append: false,
        create: true,
        truncate: false,
        exclusive: false,
      },
    },
  })
})

test('a write carries its place beyond 4 GiB', () => {
  const packet = new FieldWriter(6)
    .uint32(1)
    .text('h')
    .uint64(2 ** 33 + 5)
    .text('abc')
  const request = parseSftpRequest(body(packet))
  assert.ok(request.ok && request.value.kind === 'write')
  assert.equal(request.value.at, 2 ** 33 + 5)
  assert.equal(Buffer.from(request.value.data).toString(), 'abc')
})

test('times are found behind owner and mode', () => {
  const packet = new FieldWriter(10).uint32(1).text('h').uint32(0x0f)
  packet.uint64(9).uint32(1000).uint32(1000).uint32(0o644).uint32(11).uint32(12)
  const request = parseSftpRequest(body(packet))
  assert.ok(request.ok && request.value.kind === 'fsetstat')
  assert.deepEqual(request.value.attributes, { size: 9, mode: 0o644, mtime: 12 })
})

test('hard links count as links, unknown extensions are named', () => {
  const kind = (name: string): string => {
    const request = parseSftpRequest(body(new FieldWriter(200).uint32(1).text(name)))
    return request.ok ? JSON.stringify(request.value) : 'fault'
  }
  assert.equal(kind('hardlink@openssh.com'), '{"kind":"symlink","id":1}')
  assert.equal(
    kind('statvfs@openssh.com'),
    '{"kind":"unknown","id":1,"what":"statvfs@openssh.com"}',
  )
})

test('a cut packet, an offset beyond 2^53 and an empty packet are faults', () => {
  const write = body(new FieldWriter(6).uint32(1).text('h').uint64(0).text('abc'))
  for (let cut = 0; cut < write.byteLength; cut += 1) {
    assert.equal(parseSftpRequest(write.subarray(0, cut)).ok, false, `cut at ${cut}`)
  }
  const far = new FieldWriter(6).uint32(1).text('h').uint32(0xffffffff).uint32(0).text('')
  assert.equal(parseSftpRequest(body(far)).ok, false)
})

test('law: however a stream is cut, the same packets come out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
      (bodies, sizes) => {
        const stream = Buffer.concat(
          bodies.map((bytes) => {
            const head = Buffer.alloc(4)
            head.writeUInt32BE(bytes.byteLength)
            return Buffer.concat([head, bytes])
          }),
        )
        const packets = new SftpPackets()
        const found: string[] = []
        for (let at = 0, turn = 0; at < stream.byteLength; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1
          const complete = packets.feed(stream.subarray(at, at + size))
          assert.ok(complete.ok)
          found.push(...complete.value.map((packet) => Buffer.from(packet).toString('hex')))
          at += size
        }
        assert.deepEqual(
          found,
          bodies.map((bytes) => Buffer.from(bytes).toString('hex')),
        )
      },
    ),
  )
})

test('law: no bytes make the reader throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      parseSftpRequest(bytes)
      new SftpPackets().feed(bytes)
    }),
    { numRuns: 3000 },
  )
})

test('a packet longer than the limit is a fault at once, before it is held', () => {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(SFTP_PACKET_BYTES_MAX + 1)
  assert.equal(new SftpPackets().feed(head).ok, false)
})

test('a status is laid out as section 7 has it', () => {
  assert.equal(
    Buffer.from(sftpStatus(2, 3, 'no')).toString('hex'),
    '00000015' + '65' + '00000002' + '00000003' + '000000026e6f' + '00000002656e',
  )
})
