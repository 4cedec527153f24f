import assert from 'node:assert/strict'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { dnsName, RCODE } from '#formats/dns-message/index.ts'
import { query } from '../../../test/support/dns-client.ts'
import { NOW } from '../../../test/support/zone.ts'
import { exchange } from './exchange.ts'
import { notify } from './index.ts'

const { signal } = new AbortController()
const ONCE = { tries: 1, waitMs: 300 }

/** A server that answers each packet with these. */
async function peer(answersTo: (question: Buffer) => readonly Buffer[]) {
  const socket = createSocket('udp4')
  socket.on('message', (question: Buffer, from: RemoteInfo) => {
    for (const answer of answersTo(question)) socket.send(answer, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    host: '127.0.0.1',
    port: socket.address().port,
    [Symbol.asyncDispose]: async () => void socket.close(),
  }
}

function changed(question: Buffer, change: (answer: Buffer) => void): Buffer {
  const answer = Buffer.from(question)
  answer.writeUInt16BE(0x8400, 2)
  change(answer)
  return answer
}

test('an answer is heard, whatever was sent before it that is none', async () => {
  const right = (question: Buffer) => changed(question, () => {})
  await using server = await peer((question) => [
    Buffer.alloc(3),
    question,
    changed(question, (answer) => answer.writeUInt16BE(question.readUInt16BE(0) ^ 1, 0)),
    changed(question, (answer) => answer.write('x', 13, 'latin1')),
    right(question),
  ])
  const question = query('clamav.example', 'SOA')
  assert.deepEqual(await exchange(server, question, ONCE, signal), right(question))
})

test('one who cannot read the question says so without it; nobody there is nothing', async () => {
  const bare = (question: Buffer) =>
    changed(question, (answer) => answer.writeUInt16BE(0, 4)).subarray(0, 12)
  await using server = await peer((question) => [bare(question)])
  const question = query('clamav.example', 'SOA')
  assert.deepEqual(await exchange(server, question, ONCE, signal), bare(question))
  assert.equal(await exchange({ ...server, port: 1 }, question, ONCE, signal), undefined)
})

for (const [code, notice] of [
  [RCODE.NOERROR, { kind: 'heard' }],
  [RCODE.NOTAUTH, { kind: 'refused', rcode: RCODE.NOTAUTH }],
] as const) {
  test(`a secondary that answers a notice with code ${code} has ${notice.kind} it`, async () => {
    await using server = await peer((question) => [
      changed(question, (answer) => answer.writeUInt16BE(0xa400 | code, 2)),
    ])
    const key = {
      name: dnsName('transfer.clamav.example'),
      algorithm: 'hmac-sha256',
      secret: new Uint8Array(32),
    } as const
    assert.deepEqual(await notify({ ...server, key }, 'clamav.example', 7, NOW, signal), notice)
  })
}
