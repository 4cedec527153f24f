import { createConnection, type Socket } from 'node:net'
import { SIGN_ANSWER_BYTES_MAX } from '#formats/signing-service/index.ts'

/**
 * A service that does not close after its answer is not waited for longer than this. Guess: an answer of some hundred
 * bytes comes in one piece, or its pieces follow each other at once.
 */
const QUIET_MS = 1000

/**
 * Sends one message and returns what comes back until the other end closes, is quiet for a second, or has said more
 * than an answer may have. Rejects as the socket does, or with the signal's reason.
 */
export async function ask(
  host: string,
  port: number,
  message: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  signal.throwIfAborted()
  const socket = createConnection({ host, port })
  const onAbort = () => socket.destroy(asError(signal.reason))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await answerOn(socket, message)
  } finally {
    signal.removeEventListener('abort', onAbort)
    socket.destroy()
  }
}

function answerOn(socket: Socket, message: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const pieces: Uint8Array[] = []
    let bytes = 0
    const done = () => resolve(Buffer.concat(pieces))
    socket.setNoDelay(true)
    socket.on('error', reject)
    socket.on('end', done)
    socket.on('close', done)
    socket.on('timeout', done)
    socket.on('data', (piece: Uint8Array) => {
      pieces.push(piece)
      bytes += piece.byteLength
      if (bytes > SIGN_ANSWER_BYTES_MAX) done()
      else socket.setTimeout(QUIET_MS)
    })
    socket.once('connect', () => socket.write(message))
  })
}

function asError(reason: unknown): Error {
  return reason instanceof Error
    ? reason
    : new Error('The question was given up', { cause: reason })
}
