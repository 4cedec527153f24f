/** The scratch folder outlives a run, because a download that broke off goes on there with the next one. */
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { diskError } from '#adapters/disk/index.ts'
import { type EpochSeconds, epochMs, toSeconds } from '#base/time.ts'

/** Beside a download that broke off, and says whose it is: see `partial-file.ts`. */
const NOTE = '.from'
/** A file that nobody has gone on with for so long has been replaced on its server, or is not wanted any more. */
const KEPT_SECONDS_MAX = 7 * 24 * 3600

/** Removes what runs have left that were killed, but for downloads that can go on. */
export async function sweep(scratch: string, now: EpochSeconds): Promise<void> {
  const names = await readdir(scratch)
  for (const name of names) {
    const path = join(scratch, name)
    const isOfPair = name.endsWith(NOTE)
      ? names.includes(name.slice(0, -NOTE.length))
      : names.includes(`${name}${NOTE}`)
    if (isOfPair && (await isFresh(path, now))) continue
    await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
      throw diskError(`remove "${path}"`, error)
    })
  }
}

async function isFresh(path: string, now: EpochSeconds): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isFile() !== true) return false
  return now - toSeconds(epochMs(Math.floor(found.mtimeMs))) < KEPT_SECONDS_MAX
}
