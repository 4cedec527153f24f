import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { HEADER_BYTES } from '#formats/dns-message/index.ts'

export interface Patience {
  readonly tries: number
  /** For one answer. */
  readonly waitMs: number
}

/**
 * Asks over UDP until the answer comes; undefined: none did, or nobody can be reached there. What others send, and answers
 * to other questions, are not heard. Rejects with the signal's reason.
 */
export async function exchange(
  { host, port }: { readonly host: string; readonly port: number },
  question: Buffer,
  { tries, waitMs }: Patience,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  // A port that is closed comes back as an error; so does silence, later.
  socket.on('error', () => {})
  try {
    socket.connect(port, host)
    const isConnected = await once(socket, 'connect', { signal }).then(
      () => true,
      () => false,
    )
    for (let attempt = 0; isConnected && attempt < tries; attempt += 1) {
      signal.throwIfAborted()
      const answered = answerTo(
        question,
        socket,
        AbortSignal.any([signal, AbortSignal.timeout(waitMs)]),
      )
      socket.send(question, () => {})
      const answer = await answered
      if (answer !== undefined) return answer
    }
    signal.throwIfAborted()
    return undefined
  } finally {
    socket.close()
  }
}

function answerTo(
  question: Buffer,
  socket: Socket,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>()
  const hear = (message: Buffer) => {
    if (isAnswerTo(question, message)) resolve(message)
  }
  const giveUp = () => resolve(undefined)
  socket.on('message', hear)
  signal.addEventListener('abort', giveUp, { once: true })
  return promise.finally(() => {
    socket.off('message', hear)
    signal.removeEventListener('abort', giveUp)
  })
}

/** With our id, and our question where it repeats one: a server that cannot read it does not. */
function isAnswerTo(question: Buffer, answer: Buffer): boolean {
  if (answer.byteLength < HEADER_BYTES || answer.readUInt16BE(0) !== question.readUInt16BE(0)) {
    return false
  }
  const isResponse = ((answer[2] ?? 0) & 0x80) !== 0
  const asked = question.subarray(HEADER_BYTES, questionEnd(question))
  const repeated = answer.subarray(HEADER_BYTES, HEADER_BYTES + asked.byteLength)
  return isResponse && (answer.readUInt16BE(4) === 0 || asked.equals(repeated))
}

/** Behind the only question, whose name is not compressed. */
function questionEnd(message: Buffer): number {
  let at = HEADER_BYTES
  for (let label = message[at]; label !== undefined && label !== 0; label = message[at]) {
    at += 1 + label
  }
  return at + 5
}
