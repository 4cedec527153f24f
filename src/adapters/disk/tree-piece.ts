import { open, readFile } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import type { Serial } from '#base/names.ts'
import { parseTimestamp } from '#formats/timestamp-file/index.ts'

/**
 * Bytes of one file of a published tree, as long as the tree is of that release. Undefined when it is another one by
 * now, or not there.
 */
export async function readTreePiece(
  tree: string,
  serial: Serial,
  { path, from, bytes }: { readonly path: string; readonly from: number; readonly bytes: number },
): Promise<Uint8Array | undefined> {
  if (normalize(path) !== path || path.startsWith('..') || path.startsWith('/')) return undefined
  try {
    // Opened before the release is asked for: the tree may be switched in between, the open file stays.
    await using file = await open(join(tree, path))
    const stamp = parseTimestamp(await readFile(join(tree, 'timestamp'), 'latin1'))
    if (!stamp.ok || stamp.value.serial !== serial) return undefined
    const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, from)
    return buffer.subarray(0, bytesRead)
  } catch {
    return undefined
  }
}
