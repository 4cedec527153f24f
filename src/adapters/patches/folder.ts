import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { MemberFolder } from '#formats/cdiff/index.ts'

/** Large blocks: the editor looks for line ends inside a block, and the system is asked less often. */
const READ_BLOCK_BYTES = 256 * 1024

/**
 * The members of an unpacked database in a folder of its own. A member is written beside its old content and takes
 * its place at the end. Names come from a parsed script, so none leads out of the folder. It is a scratch folder:
 * nothing is fsynced. File system errors are passed on as Node throws them; `applyPatchFile` gives them a code.
 */
export class DiskFolder implements MemberFolder {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  read(name: string): AsyncIterable<Uint8Array> | undefined {
    const path = join(this.#path, name)
    return existsSync(path) ? readBlocks(path) : undefined
  }

  async write(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    // A dash cannot stand in a member's name that a script may touch, so this name is never taken.
    const draft = join(this.#path, `${name}-draft`)
    try {
      await writeAll(draft, chunks)
      await rename(draft, join(this.#path, name))
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }

  async remove(name: string): Promise<boolean> {
    try {
      await rm(join(this.#path, name))
      return true
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }
}

/** Opens the file only when somebody reads, and closes it when he stops. */
async function* readBlocks(path: string): AsyncGenerator<Uint8Array> {
  await using file = await open(path, 'r')
  for (;;) {
    const block = Buffer.allocUnsafeSlow(READ_BLOCK_BYTES)
    const { bytesRead } = await file.read(block, 0, block.byteLength)
    if (bytesRead === 0) return
    yield block.subarray(0, bytesRead)
  }
}

async function writeAll(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, 'w')
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; ) {
      const { bytesWritten } = await file.write(chunk, at, chunk.byteLength - at)
      at += bytesWritten
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
