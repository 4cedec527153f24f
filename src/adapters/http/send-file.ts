/** The bytes of an answer: one buffer a client, and the next read waits until the last one has left. */
import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'

/** Large enough for a gigabyte a second, small enough that a thousand slow readers cost 128 MiB. */
const CHUNK_BYTES = 128 * 1024

export interface Span {
  readonly from: number
  readonly bytes: number
}

/**
 * Writes head and body. The head goes out in the same write as the first bytes: clients of 2004 read once and take
 * what they get for head and body start (formats.md 6.3). Resolves to the number of bytes handed over when all is
 * sent or the client has gone.
 */
export async function sendSpan(
  response: ServerResponse,
  source: FileHandle | Uint8Array,
  { from, bytes }: Span,
): Promise<number> {
  if (source instanceof Uint8Array) {
    response.end(source.subarray(from, from + bytes))
    return bytes
  }
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, bytes))
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  let at = from
  while (at < from + bytes && !response.destroyed) {
    const wanted = Math.min(buffer.length, from + bytes - at)
    const { bytesRead } = await source.read(buffer, 0, wanted, at)
    if (bytesRead === 0) {
      // The file is shorter than promised. A cut connection is the only honest answer left.
      response.destroy()
      break
    }
    at += bytesRead
    if (at >= from + bytes) {
      response.end(buffer.subarray(0, bytesRead))
      await flushed(response, gone.signal)
    } else if (!(await written(response, buffer.subarray(0, bytesRead), gone.signal))) {
      break
    }
  }
  if (bytes === 0) response.end()
  return at - from
}

/** False when the client has gone. The buffer may be used again after this. */
function written(response: ServerResponse, chunk: Uint8Array, gone: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const onGone = () => resolve(false)
  gone.addEventListener('abort', onGone, { once: true })
  if (gone.aborted) resolve(false)
  response.write(chunk, (error) => {
    gone.removeEventListener('abort', onGone)
    resolve(!error)
  })
  return promise
}

async function flushed(response: ServerResponse, gone: AbortSignal): Promise<void> {
  if (response.writableFinished || gone.aborted) return
  try {
    await once(response, 'finish', { signal: gone })
  } catch {
    // The client has gone, which ends the answer as well.
  }
}
