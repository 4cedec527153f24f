import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { DiskError, diskError } from './error.ts'

/**
 * The first bytes of a plain file, at most `bytesMax` of them. Who allows N asks for N + 1, and sees what is too large.
 * Anything else is refused at once: a named pipe would make us wait for ever, and a device never ends. Throws `DiskError`.
 */
export async function readStart(path: string, bytesMax: number): Promise<Uint8Array> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = await file.stat()
    if (!status.isFile()) {
      throw new DiskError('broken', `read "${path}", which is not a plain file`)
    }
    const bytes = Buffer.alloc(Math.min(status.size, bytesMax))
    let filled = 0
    while (filled < bytes.byteLength) {
      const { bytesRead } = await file.read(bytes, filled, bytes.byteLength - filled, filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  } catch (error) {
    throw diskError(`read "${path}"`, error)
  }
}
