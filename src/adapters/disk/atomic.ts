import { randomBytes } from 'node:crypto'
import { open, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Writing so that a reader, and the next start after a power cut, sees the old content or the new one: draft beside
 * the target, fsync, rename, fsync of the folder.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const draft = draftOf(path)
  try {
    await writeFileSynced(draft, data, { mode: options.mode ?? 0o644, flags: 'wx' })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** For files of a folder that nobody sees yet. */
export async function writeFileSynced(
  path: string,
  data: string | Uint8Array,
  options: { readonly mode?: number; readonly flags?: 'w' | 'wx' } = {},
): Promise<void> {
  await using file = await open(path, options.flags ?? 'w', options.mode ?? 0o644)
  await file.writeFile(data)
  await file.sync()
}

/** Makes renames, links and removals in a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

/** Points the symbolic link `link` at `target` in one step, whether it was there before or not. */
export async function switchLink(link: string, target: string): Promise<void> {
  const draft = draftOf(link)
  await symlink(target, draft)
  try {
    await rename(draft, link)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  await syncFolder(dirname(link))
}

/** Drafts begin with a dot: they are never served, never counted as uploads, and swept at the next start. */
function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.draft`)
}
