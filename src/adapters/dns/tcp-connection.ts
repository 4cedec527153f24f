import type { Socket } from 'node:net'
import { epochMs, toSeconds } from '#base/time.ts'
import type { Responder } from './responder.ts'
import { TCP_BYTES_MAX } from './setup.ts'
import type { ZoneTransfers } from './transfers.ts'

/** RFC 7766, 6.2.3 leaves it open; resolvers reuse a connection within seconds. */
const IDLE_MS = 10_000
/** What an asker leaves unread with us before we read no more of his. */
const UNREAD_BYTES_MAX = 256 * 1024
const LENGTH_BYTES = 2

/**
 * One asker's connection. Its time is counted from the last whole question, or the last that was taken of our answers: single
 * bytes do not prolong it. Who asks faster than he reads is waited for.
 */
export class TcpConnection {
  readonly #socket: Socket
  readonly #from: Uint8Array
  readonly #responder: Responder
  readonly #transfers: ZoneTransfers | undefined
  readonly #onServed: (served: TcpConnection) => void
  readonly #out = Buffer.alloc(TCP_BYTES_MAX + LENGTH_BYTES)
  readonly #timer: NodeJS.Timeout
  #held: Buffer = Buffer.alloc(0)
  #taken = 0

  constructor(
    socket: Socket,
    from: Uint8Array,
    responder: Responder,
    transfers: ZoneTransfers | undefined,
    onServed: (served: TcpConnection) => void,
  ) {
    this.#socket = socket
    this.#from = from
    this.#responder = responder
    this.#transfers = transfers
    this.#onServed = onServed
    this.#timer = setTimeout(() => this.#tooLong(), IDLE_MS)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => clearTimeout(this.#timer))
    socket.on('drain', () => {
      this.#timer.refresh()
      this.#answerAll()
    })
    socket.on('data', (piece: Buffer) => {
      this.#held = this.#held.byteLength === 0 ? piece : Buffer.concat([this.#held, piece])
      this.#answerAll()
    })
  }

  /** What was answered goes out before it closes. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #answerAll(): void {
    const socket = this.#socket
    while (socket.writable) {
      if (socket.writableLength > UNREAD_BYTES_MAX) {
        socket.pause()
        return
      }
      const message = this.#next()
      if (message === undefined) break
      if (!this.#answer(message)) {
        socket.destroy()
        return
      }
      this.#timer.refresh()
      this.#onServed(this)
    }
    socket.resume()
  }

  #next(): Buffer | undefined {
    const held = this.#held
    if (held.byteLength < LENGTH_BYTES) return undefined
    const end = LENGTH_BYTES + held.readUInt16BE(0)
    if (held.byteLength < end) return undefined
    this.#held = held.subarray(end)
    return held.subarray(LENGTH_BYTES, end)
  }

  /** False: it is no query. */
  #answer(message: Buffer): boolean {
    const nowMs = Date.now()
    const messages = this.#transfers?.answer(message, toSeconds(epochMs(nowMs)))
    if (messages !== undefined) {
      for (const one of messages) this.#send(one)
      return true
    }
    const out = this.#out.subarray(LENGTH_BYTES)
    const { byteLength } = message
    const length = this.#responder.respond(message, byteLength, this.#from, 'tcp', nowMs, out)
    if (length === 0) return false
    this.#send(out.subarray(0, length))
    return true
  }

  #send(message: Uint8Array): void {
    const framed = Buffer.alloc(LENGTH_BYTES + message.byteLength)
    framed.writeUInt16BE(message.byteLength)
    framed.set(message, LENGTH_BYTES)
    this.#socket.write(framed)
  }

  /** A zone that a slow secondary still takes is no idleness. */
  #tooLong(): void {
    const { bytesWritten, writableLength } = this.#socket
    const taken = bytesWritten - writableLength
    if (writableLength > 0 && taken > this.#taken) this.#timer.refresh()
    else this.#socket.destroy()
    this.#taken = taken
  }
}
