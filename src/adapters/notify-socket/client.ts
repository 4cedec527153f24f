import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { questionCodec, wordCodec } from './words.ts'

export class NotifyError extends Error {
  override readonly name = 'NotifyError'
  readonly code: 'not-running' | 'broken'

  constructor(code: NotifyError['code'], action: string, options?: ErrorOptions) {
    super(`Cannot ${action}`, options)
    this.code = code
  }
}

interface Voice {
  readonly print: (line: string) => void
  readonly complain: (line: string) => void
}

/** Hands a trigger to the master that listens there; resolves to its exit status. Throws `NotifyError`. */
export async function notifyBySocket(
  path: string,
  question: { readonly sigmaker: string; readonly from: string },
  voice: Voice,
): Promise<number> {
  const end = Promise.withResolvers<number>()
  const socket = connect(path)
  socket.once('connect', () => socket.write(`${questionCodec.print(question)}\n`))
  socket.once('error', (cause) => {
    end.reject(new NotifyError('not-running', `reach the master at "${path}"`, { cause }))
  })
  const lines = createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })
  lines.on('error', () => {})
  lines.on('line', (line) => {
    const word = wordCodec.parse(line)
    if (!word.ok) return
    if (word.value.kind === 'out') voice.print(word.value.line)
    else if (word.value.kind === 'err') voice.complain(word.value.line)
    else end.resolve(word.value.status)
  })
  lines.once('close', () => {
    end.reject(new NotifyError('broken', 'hear the end of the run: the master hung up'))
  })
  try {
    return await end.promise
  } finally {
    lines.close()
    socket.destroy()
  }
}
