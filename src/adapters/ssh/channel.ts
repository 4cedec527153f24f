import { once } from 'node:events'
import type ssh2 from 'ssh2'
import type { Caller } from './caller.ts'
import { SILENCE_MS_MAX, UNREAD_BYTES_MAX } from './limits.ts'

/** The writing half of a channel, safe to use after the caller is gone. */
export class Outlet {
  readonly #channel: ssh2.ServerChannel
  readonly #gone: AbortSignal
  readonly #lineEnd: string

  /** A caller who believes he has a terminal needs a line end of `\r\n`. */
  constructor(channel: ssh2.ServerChannel, gone: AbortSignal, lineEnd = '\n') {
    this.#channel = channel
    this.#gone = gone
    this.#lineEnd = lineEnd
    // A broken caller is the caller's affair: what a stream says about him ends here.
    channel.on('error', () => {})
    channel.stderr.on('error', () => {})
  }

  print(line: string): void {
    if (this.#gone.aborted || this.#channel.writableLength > UNREAD_BYTES_MAX) return
    this.#channel.write(`${line}${this.#lineEnd}`)
  }

  complain(line: string): void {
    const { stderr } = this.#channel
    if (this.#gone.aborted || stderr.writableLength > UNREAD_BYTES_MAX) return
    stderr.write(`${line}${this.#lineEnd}`)
  }

  /** Resolves when there is room for more, or the caller is gone. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#gone.aborted || this.#channel.write(bytes)) return
    await once(this.#channel, 'drain', { signal: this.#gone }).catch(() => {})
  }

  /** Exit status, what is still unread, end of file, close: in this order, or OpenSSH reports 255. */
  async end(status: number): Promise<void> {
    if (this.#gone.aborted) return
    this.#channel.exit(status)
    await this.#flushed(this.#channel.stderr)
    if (this.#gone.aborted) return
    this.#channel.end()
    this.#channel.resume()
  }

  /** ssh2 never calls back once the channel is closed, so being gone ends the wait too. */
  async #flushed(stream: NodeJS.WritableStream): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    this.#gone.addEventListener('abort', wake, { once: true })
    stream.write('', wake)
    await promise
    this.#gone.removeEventListener('abort', wake)
  }
}

/**
 * What the caller sends, as he sends it; reading slower makes him slower. Ends when he ends, hangs up, or says nothing
 * for too long. Node's own iterator will not do: it cannot be ended while it waits, and it destroys the channel, which
 * would close it before its exit status is sent.
 */
export async function* received(
  channel: ssh2.ServerChannel,
  caller: Caller,
): AsyncGenerator<Uint8Array, void> {
  const timer = setTimeout(() => caller.drop('idle'), SILENCE_MS_MAX)
  try {
    while (!caller.gone.aborted) {
      const chunk: unknown = channel.read()
      if (chunk instanceof Uint8Array) {
        timer.refresh()
        yield chunk
      } else if (channel.readableEnded || channel.destroyed) return
      else await stirred(channel, caller.gone)
    }
  } finally {
    clearTimeout(timer)
  }
}

/** There is something to read, or nothing to wait for any more. */
async function stirred(channel: ssh2.ServerChannel, gone: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = (): void => resolve()
  for (const event of ['readable', 'end', 'close']) channel.once(event, wake)
  gone.addEventListener('abort', wake, { once: true })
  await promise
  for (const event of ['readable', 'end', 'close']) channel.off(event, wake)
  gone.removeEventListener('abort', wake)
}
