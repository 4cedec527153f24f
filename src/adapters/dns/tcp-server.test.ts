import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { RCODE } from '#formats/dns-message/index.ts'
import { decoded, framed, query, sendTcp } from '../../../test/support/dns-client.ts'
import { respond } from '../../../test/support/responder.ts'
import { aSetup } from '../../../test/support/zone.ts'
import { Responder, startTcpServer } from './index.ts'

const LOCAL = { host: '127.0.0.1', port: 0 }

test('several questions on one connection, split anywhere', async () => {
  await using server = await startTcpServer(LOCAL, new Responder(aSetup()))
  const names = ['clamav.example', 'm1.clamav.example', 'nothing.cvd.clamav.example']
  const answers = await sendTcp(
    server,
    names.map((name) => query(name, 'A')),
  )
  assert.deepEqual(
    answers.map((bytes) => decoded(bytes).rcode),
    [RCODE.NOERROR, RCODE.NOERROR, RCODE.NXDOMAIN],
  )
})

test('an asker who sends thousands of questions before he reads gets every answer', async () => {
  await using server = await startTcpServer(LOCAL, new Responder(aSetup()))
  const count = 200_000
  const question = query('db.test.clamav.example', 'AAAA')
  const socket = connect(server.port, server.host).pause()
  socket.write(Buffer.concat(new Array(count).fill(framed(question))))
  // By then the server has read what it will.
  await wait(300)
  let bytes = 0
  const answer = respond(new Responder(aSetup()), question)?.byteLength ?? 0
  for await (const piece of socket) {
    bytes += piece.byteLength
    if (bytes === count * (answer + 2)) break
  }
  assert.equal(bytes, count * (answer + 2))
})

test('what is asked before a half-close is answered after it', async () => {
  await using server = await startTcpServer(LOCAL, new Responder(aSetup()))
  const socket = connect({ port: server.port, host: server.host, allowHalfOpen: true })
  socket.end(framed(query('clamav.example', 'SOA')))
  const [bytes] = await once(socket, 'data')
  assert.equal(decoded(bytes.subarray(2)).rcode, RCODE.NOERROR)
  await once(socket, 'end')
})

test('when every connection is held, the stalest makes room and newcomers are answered', async () => {
  await using server = await startTcpServer(LOCAL, new Responder(aSetup()))
  await using held = new AsyncDisposableStack()
  const hold = async (localAddress: string) => {
    const socket = connect({ port: server.port, host: server.host, localAddress })
    held.defer(() => void socket.destroy())
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
  const isAnswered = async (socket: Socket) => {
    const answered = once(socket, 'data', { signal: AbortSignal.timeout(3_000) })
    socket.write(framed(query('clamav.example', 'SOA')))
    return await answered.then(
      () => true,
      () => false,
    )
  }
  const used = await hold('127.0.2.1')
  const stale = await hold('127.0.2.1')
  assert.ok(await isAnswered(used))
  const gone = once(stale, 'close')
  // 32 from each of 16 addresses are all that there are.
  for (let at = 2; at < 512; at += 1) await hold(`127.0.2.${1 + (at >> 5)}`)
  assert.ok(await isAnswered(await hold('127.0.3.1')))
  await gone
  assert.ok(await isAnswered(used), 'who asks stays')
  const beyond = await hold('127.0.2.16')
  await once(beyond.resume(), 'close')
})

test('bytes that never become a question do not hold a connection', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  await using server = await startTcpServer(LOCAL, new Responder(aSetup()))
  const socket = connect(server.port, server.host)
  const closed = once(socket.resume(), 'close', { signal: AbortSignal.timeout(3_000) })
  const question = framed(query('clamav.example', 'SOA'))
  const answered = once(socket, 'data')
  socket.write(question)
  await answered
  for (const byte of question.subarray(0, 2)) {
    socket.write(Uint8Array.of(byte))
    await turn()
    t.mock.timers.tick(6_000)
  }
  await closed
})

test('several share a port when they say so', async () => {
  const listen = { ...LOCAL, sharePort: true }
  await using one = await startTcpServer(listen, new Responder(aSetup()))
  await using two = await startTcpServer({ ...listen, port: one.port }, new Responder(aSetup()))
  assert.equal(two.port, one.port)
  await assert.rejects(startTcpServer({ ...LOCAL, port: one.port }, new Responder(aSetup())))
})

test('what is no query ends the connection', async () => {
  await using server = await startTcpServer(LOCAL, new Responder(aSetup()))
  assert.deepEqual(await sendTcp(server, [Buffer.alloc(3)]), [])
})
