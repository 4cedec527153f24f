import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import type { SshCall } from '#ports/ssh-door.ts'
import { questionCodec, wordCodec } from './words.ts'

export interface NotifySocketOptions {
  /** What lies there from an earlier run is removed: one master at a time has the folder. */
  readonly path: string
  /** Resolves to the exit status. It goes on when the caller hangs up (promise 5). */
  readonly run: (sigmaker: string, call: SshCall) => Promise<number>
}

/** The master's own account. */
const MODE = 0o600
const CONNECTIONS_MAX = 64
const QUESTION_BYTES_MAX = 1024
const QUESTION_MS_MAX = 10_000
/** The world failed, as the contract of exit statuses has it. */
const STATUS_BROKEN = 3

/** Disposing it takes no more callers, aborts the runs' signal and waits for them. Throws what the system says. */
export async function startNotifySocket({
  path,
  run,
}: NotifySocketOptions): Promise<AsyncDisposable> {
  const closing = new AbortController()
  const serving = new Set<Promise<void>>()
  const server = createServer((socket) => {
    const served = serve(socket, run, closing.signal).finally(() => serving.delete(served))
    serving.add(served)
  })
  server.maxConnections = CONNECTIONS_MAX
  await rm(path, { force: true })
  server.listen(path)
  await once(server, 'listening')
  // An accept that failed, for lack of file descriptors perhaps: the next one is tried all the same.
  server.on('error', () => {})
  await chmod(path, MODE)
  return {
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('The master is stopping'))
      server.close()
      await Promise.all(serving)
    },
  }
}

async function serve(
  socket: Socket,
  run: NotifySocketOptions['run'],
  closing: AbortSignal,
): Promise<void> {
  // A caller who is gone reads no words, and that is all that it means.
  socket.on('error', () => {})
  const asked = await readQuestion(socket, closing)
  const say = (word: Parameters<typeof wordCodec.print>[0]): void => {
    if (socket.writable) socket.write(`${wordCodec.print(word)}\n`)
  }
  if (asked === undefined) {
    socket.destroy()
    return
  }
  let status = STATUS_BROKEN
  try {
    status = await run(asked.sigmaker, {
      from: asked.from,
      print: (line) => say({ kind: 'out', line }),
      complain: (line) => say({ kind: 'err', line }),
      signal: closing,
    })
  } catch (error) {
    say({ kind: 'err', line: `failed: ${error instanceof Error ? error.message : String(error)}` })
  }
  say({ kind: 'end', status })
  socket.destroySoon()
}

/** Undefined for whatever is no question: too long, too late, or not one. */
async function readQuestion(socket: Socket, closing: AbortSignal) {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(QUESTION_MS_MAX)])
  const end = Promise.withResolvers<string | undefined>()
  let text = ''
  const onData = (piece: Buffer): void => {
    text += piece.toString('latin1')
    const at = text.indexOf('\n')
    if (at >= 0) end.resolve(text.slice(0, at))
    else if (text.length > QUESTION_BYTES_MAX) end.resolve(undefined)
  }
  const onEnd = (): void => end.resolve(undefined)
  socket.on('data', onData).once('close', onEnd).once('end', onEnd)
  signal.addEventListener('abort', onEnd)
  const line = await end.promise
  socket.off('data', onData).resume()
  signal.removeEventListener('abort', onEnd)
  if (line === undefined || line.length > QUESTION_BYTES_MAX) return undefined
  const read = questionCodec.parse(Buffer.from(line, 'latin1').toString('utf8'))
  return read.ok ? read.value : undefined
}
