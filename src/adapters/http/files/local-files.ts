/**
 * The operator's own files, `local_logo.png` and all below `local_stats/`, which are laid over the published tree
 * (R70, R77). They are looked up when asked for, because the operator changes them without telling us.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { type EpochSeconds, epochMs, toSeconds } from '#base/time.ts'
import { contentType } from './content-type.ts'

export interface LocalFile {
  readonly handle: FileHandle
  readonly bytes: number
  readonly lastModified: EpochSeconds
  readonly contentType: string
}

export function isLocal(path: string): boolean {
  return path.startsWith('local_')
}

/**
 * An open regular file inside `folder`, or undefined. Links are followed only where they end inside `folder`.
 * `path` comes from `pathOfTarget`, so it has no `..` and no dot files; a folder's page is its `index.html`.
 */
export async function openLocal(folder: string, path: string): Promise<LocalFile | undefined> {
  const wanted = path.endsWith('/') ? `${path}index.html` : path
  let handle: FileHandle | undefined
  try {
    const root = await realpath(folder)
    const file = await realpath(join(root, wanted))
    if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined
    // A link to a hidden file must not show it; a named pipe must not make us wait.
    if (file.slice(root.length).includes(`${sep}.`)) return undefined
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const found = await handle.stat()
    if (found.isFile()) {
      const lastModified = toSeconds(epochMs(found.mtimeMs))
      return { handle, bytes: found.size, lastModified, contentType: contentType(wanted) }
    }
  } catch {
    // Not there, not readable, a loop of links, a name too long: all of it is a 404.
  }
  await handle?.close()
  return undefined
}
