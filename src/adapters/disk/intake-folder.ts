import { copyFile, lstat, mkdir, readdir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder, writeFileAtomic } from './atomic.ts'
import { diskError, errnoOf } from './error.ts'

/** One file of a sigmaker's folder, as it was at the trigger. */
export interface FrozenFile {
  readonly file: string
  readonly bytes: number
  /** Absolute path of the copy that is judged and published. Undefined for what is no regular file. */
  readonly path: string | undefined
  readonly inode: bigint
  readonly changedNs: bigint
}

/**
 * Copies what lies in `from` into the new folder `into`, on inodes that the sigmaker cannot write to, so that what was
 * judged is what is published (decision 11). Names for which `skip` holds (uploads in progress) stay behind.
 */
export async function freeze(
  from: string,
  into: string,
  skip: (name: string) => boolean,
): Promise<readonly FrozenFile[]> {
  const frozen: FrozenFile[] = []
  try {
    await rm(into, { recursive: true, force: true })
    await mkdir(into, { recursive: true, mode: 0o700 })
    for (const file of (await readdir(from)).toSorted()) {
      if (skip(file)) continue
      const found = await freezeOne(join(from, file), join(into, file))
      if (found !== undefined) frozen.push({ file, ...found })
    }
  } catch (error) {
    throw diskError(`freeze the upload in "${from}"`, error)
  }
  return frozen
}

async function freezeOne(
  source: string,
  copy: string,
): Promise<Omit<FrozenFile, 'file'> | undefined> {
  try {
    const seen = await lstat(source, { bigint: true })
    const identity = { inode: seen.ino, changedNs: seen.ctimeNs }
    if (!seen.isFile()) return { bytes: 0, path: undefined, ...identity }
    await copyFile(source, copy)
    return { bytes: Number((await lstat(copy)).size), path: copy, ...identity }
  } catch (error) {
    // Gone between listing and copying: the sigmaker took it back.
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Takes out of `from` exactly what was frozen; a file that was replaced since then stays for the next trigger. */
export async function takeOut(from: string, frozen: readonly FrozenFile[]): Promise<void> {
  for (const { file, inode, changedNs } of frozen) {
    const path = join(from, file)
    const now = await lstat(path, { bigint: true }).catch(() => undefined)
    if (now?.ino === inode && now.ctimeNs === changedNs && now.isFile()) await unlink(path)
  }
}

/** Keeps a refused upload with its reasons (R96) and prunes the oldest of those kept before. */
export async function keepAside(
  frozenFolder: string,
  into: string,
  reasons: readonly string[],
  keptMax: number,
): Promise<void> {
  const parent = join(into, '..')
  await mkdir(parent, { recursive: true, mode: 0o700 })
  await writeFileAtomic(join(frozenFolder, 'reasons.txt'), `${reasons.join('\n')}\n`)
  await rename(frozenFolder, into)
  const kept = (await readdir(parent)).toSorted()
  for (const old of kept.slice(0, Math.max(kept.length - keptMax, 0))) {
    await rm(join(parent, old), { recursive: true, force: true })
  }
  await syncFolder(parent)
}
