/** What lies below a folder, without following any link. */
import { createHash } from 'node:crypto'
import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { diskError, errnoOf } from './error.ts'

export interface FoundFile {
  readonly bytes: number
  readonly inode: number
  readonly mtimeMs: number
}

export interface Listing {
  /** Regular files, by path below the folder. */
  readonly files: ReadonlyMap<string, FoundFile>
  /** Links, pipes and the like. */
  readonly others: readonly string[]
  /** Parents before their children. */
  readonly folders: readonly string[]
}

/** An absent folder is an empty one. What vanishes while we look was never there. */
export async function listFiles(root: string, signal: AbortSignal): Promise<Listing> {
  const files = new Map<string, FoundFile>()
  const others: string[] = []
  const folders: string[] = []
  const visit = async (folder: string): Promise<void> => {
    signal.throwIfAborted()
    for (const entry of await entriesOf(join(root, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        folders.push(path)
        await visit(path)
      } else if (entry.isFile()) {
        const found = await lstat(join(root, path)).catch(() => undefined)
        if (found === undefined) continue
        files.set(path, { bytes: found.size, inode: found.ino, mtimeMs: found.mtimeMs })
      } else {
        others.push(path)
      }
    }
  }
  await visit('')
  return { files, others, folders }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw diskError(`list "${folder}"`, error)
  }
}

/** One read of a file that is hashed. */
const PIECE_BYTES = 256 * 1024

/** Lower-case hexadecimal SHA-256 of a whole file. */
export async function sha256File(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  try {
    await using file = await open(path, 'r')
    // Most files are small, and there are many of them.
    const pieceBytes = Math.min(PIECE_BYTES, (await file.stat()).size + 1)
    const buffer = Buffer.allocUnsafe(pieceBytes)
    for (;;) {
      signal.throwIfAborted()
      const { bytesRead } = await file.read(buffer, 0, pieceBytes)
      if (bytesRead === 0) return hash.digest('hex')
      hash.update(buffer.subarray(0, bytesRead))
    }
  } catch (error) {
    signal.throwIfAborted()
    throw diskError(`read "${path}"`, error)
  }
}
