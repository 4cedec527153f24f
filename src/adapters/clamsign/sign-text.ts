import { errnoOf, readStart } from '#adapters/disk/index.ts'
import { CLAMSIGN_CHARS_MAX } from '#formats/clamsign/index.ts'

/** The text of a `.sign`, one byte more than allowed at most; undefined when there is none. Throws `DiskError`. */
export async function readSignText(path: string): Promise<string | undefined> {
  try {
    return Buffer.from(await readStart(path, CLAMSIGN_CHARS_MAX + 1)).toString('latin1')
  } catch (error) {
    if (error instanceof Error && errnoOf(error.cause) === 'ENOENT') return undefined
    throw error
  }
}
