import { existsSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
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

/**
 * Opens the file only when somebody reads, and closes it when he stops. While he looks at a block the next one is being
 * read; a block is gone when the one after it has been asked for.
 */
async function* readBlocks(path: string): AsyncGenerator<Uint8Array> {
  await using file = await open(path, 'r')
  const buffers = [
    Buffer.allocUnsafeSlow(READ_BLOCK_BYTES),
    Buffer.allocUnsafeSlow(READ_BLOCK_BYTES),
  ]
  const read = (turn: number) => {
    const buffer = buffers[turn % 2] ?? Buffer.allocUnsafeSlow(READ_BLOCK_BYTES)
    const reading = file.read(buffer, 0, buffer.byteLength)
    // Whoever stops early does not hear of it any more.
    reading.catch(() => undefined)
    return reading
  }
  let reading = read(0)
  for (let turn = 1; ; turn += 1) {
    const { bytesRead, buffer } = await reading
    if (bytesRead === 0) return
    reading = read(turn)
    yield buffer.subarray(0, bytesRead)
  }
}

/** While a chunk is being written the next one is made. */
async function writeAll(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, 'w')
  let writing = Promise.resolve()
  try {
    for await (const chunk of chunks) {
      await writing
      writing = writeWhole(file, chunk)
      // It is looked at above, or below.
      writing.catch(() => undefined)
    }
  } finally {
    await writing
  }
}

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; ) {
    const { bytesWritten } = await file.write(chunk, at, chunk.byteLength - at)
    at += bytesWritten
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
