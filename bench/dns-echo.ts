/**
 * What `dns-server.ts` cannot be faster than: gives every query back as its answer and does nothing else, through the same
 * sockets. `dns-echo.ts KIND PORT`.
 */
import { createSocket } from 'node:dgram'
import { Batch } from '../src/adapters/dns/batch.ts'
import { BatchedSocket } from '../src/adapters/dns/batched-socket.ts'
import { loadSystemCalls } from '../src/adapters/dns/system-calls.ts'

const [, , kind, port] = process.argv
const listen = { host: '127.0.0.1', port: Number(port) }
/** Of the flags' first byte: this is an answer. */
const IS_ANSWER = 0x80

if (kind === 'batched') echoBatched()
else echoOneByOne()

function echoOneByOne(): void {
  const lookup = (host: string, _: object, found: (e: null, a: string, f: number) => void) =>
    found(null, host, 4)
  const socket = createSocket({ type: 'udp4', lookup: lookup as never })
  socket.on('message', (message, from) => {
    message[2] = (message[2] ?? 0) | IS_ANSWER
    socket.send(message, 0, message.byteLength, from.port, from.address, () => {})
  })
  socket.bind({ address: listen.host, port: listen.port })
}

/** Blocks for ever; only a signal that Node has no handler for ends it. */
function echoBatched(): never {
  const calls = loadSystemCalls()
  if (calls === undefined) throw new Error('Cannot load the system calls')
  const opened = BatchedSocket.open(calls, listen)
  if (!opened.ok) throw new Error(`Cannot listen: ${opened.fault}`)
  const socket = opened.value
  const batch = new Batch(calls, false)
  batch.beforeReceive(batch.slots.length)
  for (;;) {
    const count = socket.receive(batch)
    if (typeof count === 'string') throw new Error(`Cannot receive: ${count}`)
    for (let at = 0; at < count; at += 1) {
      const slot = batch.slots[at]
      if (slot === undefined) break
      slot.query[2] = (slot.query[2] ?? 0) | IS_ANSWER
      const length = batch.lengthOf(at)
      slot.query.copy(slot.answer, 0, 0, length)
      batch.enqueue(at, at, length)
    }
    socket.send(batch, count)
    batch.beforeReceive(count)
  }
}
