/**
 * A published tree as the server sees it: one list, made once, never changed. A new release is a new list, put in
 * place by one assignment, so every request sees one release whole (promise 3, decision 15).
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type EpochSeconds, epochMs, toSeconds } from '#base/time.ts'
import { contentType } from './content-type.ts'

export interface ServedFile {
  /** Where it lies: an absolute path in the tree itself, not through the link that is switched. */
  readonly file: string
  readonly bytes: number
  readonly lastModified: EpochSeconds
  readonly contentType: string
  /** Small files are kept in memory, shared by all who ask. */
  readonly content?: Uint8Array
}

export interface Snapshot {
  /** By path below the document root, without a slash in front. */
  readonly files: ReadonlyMap<string, ServedFile>
}

export interface SnapshotOptions {
  /** The date to serve, where it is not the file's own (decision 16). */
  readonly lastModified?: (path: string) => EpochSeconds | undefined
  readonly signal: AbortSignal
}

/** Checksums, timestamps, pages, patches of a small release: what is asked for most is kept. */
const CACHED_FILE_BYTES_MAX = 64 * 1024
/** A few hundred small files; two snapshots may live for a moment while old answers end. */
const CACHE_BYTES_MAX = 32 * 1024 * 1024

/** Reads a complete tree. Regular files only: no links, no dot files, none of the operator's `local_*`. */
export async function loadSnapshot(root: string, options: SnapshotOptions): Promise<Snapshot> {
  const files = new Map<string, ServedFile>()
  let cacheBytesLeft = CACHE_BYTES_MAX
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    options.signal.throwIfAborted()
    const file = join(entry.parentPath, entry.name)
    const path = file.slice(join(root, '/').length)
    if (!entry.isFile() || path.split('/').some(isHidden)) continue
    const found = await stat(file)
    const cached = found.size <= CACHED_FILE_BYTES_MAX && found.size <= cacheBytesLeft
    if (cached) cacheBytesLeft -= found.size
    files.set(path, {
      file,
      bytes: found.size,
      lastModified: options.lastModified?.(path) ?? toSeconds(epochMs(found.mtimeMs)),
      contentType: contentType(path),
      ...(cached && { content: await readFile(file) }),
    })
  }
  return { files }
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('local_')
}
