import { open } from 'node:fs/promises'
import { diskError, errnoOf } from '#adapters/disk/index.ts'
import { CLAMSIGN_CHARS_MAX } from '#formats/clamsign/index.ts'

/** The text of a `.sign`, one byte more than allowed at most; undefined when there is none. Throws `DiskError`. */
export async function readSignText(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r')
    const bytes = Buffer.alloc(CLAMSIGN_CHARS_MAX + 1)
    let filled = 0
    while (filled < bytes.byteLength) {
      const { bytesRead } = await file.read(bytes, filled, bytes.byteLength - filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.toString('latin1', 0, filled)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw diskError(`read "${path}"`, error)
  }
}
