import { readdir, stat, utimes } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { EpochMs } from '#base/time.ts'

/**
 * Dates the pointers and the manifest of a new tree at least a second after those of the tree before: rsync as the
 * historical script calls it compares length and whole seconds, and would take the new `timestamp` for the old one.
 */
export async function datePointers(
  tree: string,
  isOfRelease: (path: string) => boolean,
  before: string | undefined,
  now: EpochMs,
): Promise<void> {
  const old =
    before === undefined ? undefined : await stat(join(before, 'timestamp')).catch(() => undefined)
  const after = old === undefined ? 0 : Math.floor(old.mtimeMs / 1000) + 1
  const at = Math.max(Math.floor(now / 1000), after)
  for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isFile() && !isOfRelease(relative(tree, file))) await utimes(file, at, at)
  }
}
