/**
 * The thread of the batched server: it takes what is there, answers it, gives it back, and looks for mail. It blocks in the
 * system's call, a tenth of a second at most, so it has a thread of its own.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { BATCH_MESSAGES, Batch } from './batch.ts'
import type { ToMain, ToWorker, WorkerStart } from './batched-mail.ts'
import { BatchedSocket } from './batched-socket.ts'
import { Responder } from './responder.ts'
import { loadSystemCalls } from './system-calls.ts'

/** The system holds some five thousand datagrams; under load more come all the time. */
const LAST_BATCHES_MAX = 100

const port = parentPort
if (port === null) throw new Error('Cannot run by itself: this is the thread of a server')
const tell = (mail: ToMain) => port.postMessage(mail)
const { listen, setup, flags }: WorkerStart = workerData

function start(): void {
  const calls = loadSystemCalls()
  if (calls === undefined) {
    tell({ kind: 'not-loadable' })
    return
  }
  const opened = BatchedSocket.open(calls, listen)
  if (!opened.ok) {
    tell({ kind: 'cannot-listen', reason: opened.fault })
    return
  }
  const socket = opened.value
  const batch = new Batch(calls, socket.isWildcard)
  tell({ kind: 'listening', port: socket.port })
  const failure = answerAll(socket, batch, new Responder(setup))
  // A socket that is none any more may be somebody else's by now.
  if (failure !== 'EBADF') socket.close()
  tell(failure === undefined ? { kind: 'stopped' } : { kind: 'broken', reason: failure })
}

/** Until it is told to stop, or the socket is no good any more; what had come by then is answered. */
function answerAll(socket: BatchedSocket, batch: Batch, responder: Responder): string | undefined {
  batch.beforeReceive(BATCH_MESSAGES)
  for (;;) {
    if (Atomics.exchange(flags, 0, 0) !== 0 && !readMail(responder)) break
    const count = socket.receive(batch)
    if (typeof count === 'string') return count
    answerThose(count, socket, batch, responder)
  }
  for (let batches = 0; batches < LAST_BATCHES_MAX; batches += 1) {
    const count = socket.receiveThere(batch)
    if (typeof count === 'string') return count
    if (count === 0) break
    answerThose(count, socket, batch, responder)
  }
  return undefined
}

function answerThose(
  count: number,
  socket: BatchedSocket,
  batch: Batch,
  responder: Responder,
): void {
  const nowMs = Date.now()
  let answers = 0
  for (let at = 0; at < count; at += 1) {
    const slot = batch.slots[at]
    if (slot === undefined) break
    const { query, answer } = slot
    const length = responder.respond(query, batch.lengthOf(at), slot.peer(), 'udp', nowMs, answer)
    if (length === 0) continue
    batch.enqueue(answers, at, length)
    answers += 1
  }
  socket.send(batch, answers)
  batch.beforeReceive(count)
}

/** False: it is time to stop. */
function readMail(responder: Responder): boolean {
  for (;;) {
    const mail: { message: ToWorker } | undefined = receiveMessageOnPort(port as never)
    if (mail === undefined) return true
    const { message } = mail
    switch (message.kind) {
      case 'stop':
        return false
      case 'snapshot':
        responder.answerFrom(message.snapshot)
        break
      case 'places':
        responder.placeBy(message.places, message.overrides)
        break
      case 'keys':
        responder.signWith(message.keys)
        break
      case 'count':
        tell({ kind: 'counters', counters: responder.countersAt(Date.now()) })
    }
  }
}

start()
