import type ssh2 from 'ssh2'
import { UNREAD_BYTES_MAX } from './limits.ts'

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
    if (this.#gone.aborted || this.#channel.stderr.writableLength > UNREAD_BYTES_MAX) return
    this.#channel.stderr.write(`${line}${this.#lineEnd}`)
  }

  /** Exit status, what is still unread, end of file, close: in this order, or OpenSSH reports 255. */
  async end(status: number): Promise<void> {
    if (this.#gone.aborted) return
    this.#channel.exit(status)
    await this.#flushed(this.#channel.stderr)
    if (!this.#gone.aborted) this.#channel.end()
  }

  /** ssh2 never calls back once the channel is closed, so being gone ends the wait too. */
  async #flushed(stream: NodeJS.WritableStream): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gone.addEventListener('abort', () => resolve(), { once: true })
    stream.write('', () => resolve())
    await promise
  }
}
