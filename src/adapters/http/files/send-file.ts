/** The bytes of an answer: the next read waits until the last piece has left, so a slow client costs one piece. */
import type { FileHandle } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { CHUNK_BYTES, type ChunkOwner, type ChunkPool } from './chunk-pool.ts'

/** A buffer of a reader's own, when the pool has none to share. Ten thousand of them are 160 MiB. */
const OWN_BUFFER_BYTES = 16 * 1024
/** A paced answer goes out in so many pieces a second: smooth, and few wake-ups. */
const PIECES_A_SECOND = 4
/** A piece never gets smaller by pacing, or its cost would be all overhead. */
const PACED_PIECE_BYTES_MIN = 1024

export interface Span {
  readonly from: number
  readonly bytes: number
}

export interface Source {
  readonly handle: FileHandle
  /** Who shares the file's pieces; undefined for a file that may change under us. */
  readonly shared: { readonly pool: ChunkPool; readonly owner: ChunkOwner } | undefined
}

export interface SendOptions {
  readonly span: Span
  /** Bytes a second; undefined: as fast as it goes. */
  readonly pace?: number | undefined
  /** Told before each piece, for whoever watches that the client goes on reading. */
  readonly onPiece: (bytes: number) => void
}

export interface Sent {
  /** Of the body, that have left. */
  readonly bytes: number
  readonly complete: boolean
}

/**
 * Writes a span of a file. The caller has written, or corked, the head and ends the answer. A file that turns out
 * shorter than promised ends as not complete: a cut connection is then the only honest answer left. Rejects when the
 * disk fails.
 */
export async function sendSpan(out: Writable, source: Source, options: SendOptions): Promise<Sent> {
  const { span, pace, onPiece } = options
  using writer = new Writer(out)
  const end = span.from + span.bytes
  const pieceMax = pace === undefined ? CHUNK_BYTES : pacedPiece(pace)
  const started = performance.now()
  let at = span.from
  while (at < end) {
    using piece = await readPiece(source, at, Math.min(pieceMax, end - at))
    const { bytes } = piece
    if (bytes.length === 0) break
    onPiece(bytes.length)
    if (!(await writer.write(bytes))) break
    at += bytes.length
    if (pace !== undefined && at < end) {
      const due = started + ((at - span.from) / pace) * 1000
      await writer.waitUntil(due)
    }
  }
  return { bytes: at - span.from, complete: at === end }
}

function pacedPiece(pace: number): number {
  return Math.min(CHUNK_BYTES, Math.max(PACED_PIECE_BYTES_MIN, Math.ceil(pace / PIECES_A_SECOND)))
}

interface Piece extends Disposable {
  readonly bytes: Uint8Array
}

/** At most `wanted` bytes from `at` on; none where the file ends. */
async function readPiece(source: Source, at: number, wanted: number): Promise<Piece> {
  const { handle, shared } = source
  const index = Math.floor(at / CHUNK_BYTES)
  const chunk = await shared?.pool.take(shared.owner, index, handle)
  if (chunk !== undefined) {
    const offset = at - index * CHUNK_BYTES
    const bytes = chunk.bytes.subarray(offset, offset + wanted)
    return { bytes, [Symbol.dispose]: () => chunk.release() }
  }
  const own = Buffer.allocUnsafeSlow(Math.min(OWN_BUFFER_BYTES, wanted))
  const { bytesRead } = await handle.read(own, 0, own.length, at)
  return { bytes: own.subarray(0, bytesRead), [Symbol.dispose]: () => {} }
}

/** Writes one piece at a time and knows when the client has gone, which some streams tell no write about. */
class Writer implements Disposable {
  readonly #out: Writable
  readonly #gone = new AbortController()
  readonly #onClose = () => this.#gone.abort()

  constructor(out: Writable) {
    this.#out = out
    if (out.destroyed) this.#gone.abort()
    else out.once('close', this.#onClose)
  }

  /** False when the client has gone. The bytes are no longer needed after this. */
  write(bytes: Uint8Array): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    if (this.#gone.signal.aborted) return Promise.resolve(false)
    const onGone = () => resolve(false)
    this.#gone.signal.addEventListener('abort', onGone, { once: true })
    this.#out.write(bytes, (error) => {
      this.#gone.signal.removeEventListener('abort', onGone)
      resolve(!error)
    })
    while (this.#out.writableCorked > 0) this.#out.uncork()
    return promise
  }

  async waitUntil(due: number): Promise<void> {
    const ms = due - performance.now()
    if (ms > 1) await wait(ms, undefined, { signal: this.#gone.signal }).catch(() => {})
  }

  /** A connection that is kept sends many files. */
  [Symbol.dispose](): void {
    this.#out.off('close', this.#onClose)
  }
}
