/**
 * Writes that a kill or a power cut leaves either undone or done.
 *
 * The order is always the same: write a neighbour, fsync it, rename it over the name, fsync the folder.
 * A reader with the old file open keeps it. What a kill leaves behind is a neighbour whose name
 * `isLeftover` knows. Errors: `DiskError`.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, open, readdir, rename, rm, stat, symlink, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { EpochSeconds } from '#base/time.ts'
import { DiskError, diskError, errnoOf } from './error.ts'

/** A name no publisher uses, with a dot in front so that no web server offers it. */
const LEFTOVER = /^\.cvdnet-[0-9a-f]{16}\.tmp$/

/** An unused name beside `path`, on the same file system and therefore good for a rename. */
export function neighbour(path: string): string {
  return join(dirname(path), `.cvdnet-${randomBytes(8).toString('hex')}.tmp`)
}

/** True for the name of a half-written neighbour that a killed process left. */
export function isLeftover(name: string): boolean {
  return LEFTOVER.test(basename(name))
}

/** A live process has its neighbours for moments; two may share a folder. */
const LEFTOVER_AGE_MS = 60_000

/** Removes what killed processes left of files in the folder, where there is one. */
export async function removeLeftovers(folder: string, nowMs: number): Promise<void> {
  try {
    for (const name of (await readIfFolder(folder)).filter(isLeftover)) {
      const path = join(folder, name)
      // One that goes meanwhile was a live one's.
      const found = await stat(path).catch(unlessGone)
      if (found !== undefined && nowMs - found.mtimeMs > LEFTOVER_AGE_MS) {
        await rm(path, { force: true })
      }
    }
  } catch (error) {
    throw diskError(`remove leftovers in "${folder}"`, error)
  }
}

async function readIfFolder(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(unlessGone)) ?? []
}

function unlessGone(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error
}

/** Makes the folder's entries (new names, renames, removals) durable. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r')
    await folder.sync()
  } catch (error) {
    throw diskError(`make folder "${path}" durable`, error)
  }
}

/** Makes one file's content durable. */
export async function syncFile(path: string): Promise<void> {
  try {
    await using file = await open(path, 'r')
    await file.sync()
  } catch (error) {
    throw diskError(`make "${path}" durable`, error)
  }
}

export interface WriteOptions {
  /** Permission bits, exactly: the process's mask does not change them. 0o644 unless told. */
  readonly mode?: number
  readonly lastModified?: EpochSeconds
  /** Ours unless told; only root may name another. */
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** Replaces or makes a file in one step. */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array | string,
  options: WriteOptions = {},
): Promise<void> {
  await putInPlace(await writeNeighbour(path, data, options), path)
}

/** Makes a file in one step and never replaces one: a `DiskError` caused by `EEXIST` where there is one. */
export async function writeNewFile(
  path: string,
  data: Uint8Array | string,
  options: WriteOptions = {},
): Promise<void> {
  const part = await writeNeighbour(path, data, options)
  try {
    await linkOrCopy(part, path)
  } catch (error) {
    throw diskError(`make "${path}"`, error instanceof DiskError ? error.cause : error)
  } finally {
    await rm(part, { force: true })
  }
  await syncFolder(dirname(path))
}

async function writeNeighbour(
  path: string,
  data: Uint8Array | string,
  options: WriteOptions,
): Promise<string> {
  const part = neighbour(path)
  try {
    await using file = await open(part, 'wx', 0o600)
    await file.writeFile(data)
    if (options.owner !== undefined) await file.chown(options.owner.uid, options.owner.gid)
    await file.chmod(options.mode ?? 0o644)
    if (options.lastModified !== undefined) {
      await file.utimes(options.lastModified, options.lastModified)
    }
    await file.sync()
  } catch (error) {
    await rm(part, { force: true })
    throw diskError(`write "${path}"`, error)
  }
  return part
}

/** The last step of every replacement: `part` becomes `path`, durably. `part` is removed when that fails. */
export async function putInPlace(part: string, path: string): Promise<void> {
  try {
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw diskError(`put "${path}" in place`, error)
  }
  await syncFolder(dirname(path))
}

/** Makes `link` a symbolic link to `target`, in one step, whatever link was there before. */
export async function switchLink(link: string, target: string): Promise<void> {
  const part = neighbour(link)
  try {
    await symlink(target, part)
  } catch (error) {
    throw diskError(`make link "${link}"`, error)
  }
  await putInPlace(part, link)
}

/** Reasons to copy where a hard link would do: another file system, too many links, or one that forbids them. */
const COPY_INSTEAD = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'ENOSYS'])

/**
 * `to` must not exist. Says which of the two was done: a link shares its times with `from`; a copy has its own, which
 * is `lastModified` where that is given.
 */
export async function linkOrCopy(
  from: string,
  to: string,
  lastModified?: EpochSeconds,
): Promise<'linked' | 'copied'> {
  try {
    await link(from, to)
    return 'linked'
  } catch (error) {
    if (!COPY_INSTEAD.has(errnoOf(error) ?? '')) throw diskError(`link "${from}" to "${to}"`, error)
  }
  await copyDurably(from, to, lastModified)
  return 'copied'
}

/** A new file of its own, on disk when this returns. `to` must not exist. */
export async function copyDurably(
  from: string,
  to: string,
  lastModified?: EpochSeconds,
): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    if (lastModified !== undefined) await utimes(to, lastModified, lastModified)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') await rm(to, { force: true })
    throw diskError(`copy "${from}" to "${to}"`, error)
  }
  await syncFile(to)
}
