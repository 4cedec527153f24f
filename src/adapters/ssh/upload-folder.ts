/** One sigmaker's folder on disk: regular files and nothing else, within limits. */
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  folderFault,
  isUploadInProgress,
  type UploadFolderLimits,
  type UploadFolderUse,
  type UploadLimitFault,
} from '#core/intake/index.ts'
import { systemCode } from './errors.ts'

export interface FolderFile {
  readonly bytes: number
  readonly mtimeMs: number
}

export interface FolderScan {
  readonly files: ReadonlyMap<string, FolderFile>
  /** Links, folders, devices: what has no place here. */
  readonly odd: readonly string[]
  /** Finished files are counted, the bytes of unfinished ones too. */
  readonly use: UploadFolderUse
}

/** Guess: nobody resumes an upload after a day by rsync's temporary name; it only takes up room. */
const UNFINISHED_MS_MAX = 24 * 60 * 60_000
/** How old a count may be on which a write is allowed. Guess: a fast line brings some 50 MB in this time. */
const COUNT_MS_MAX = 500

export async function scanFolder(folder: string): Promise<FolderScan> {
  const files = new Map<string, FolderFile>()
  const odd: string[] = []
  let bytes = 0
  for (const name of await readdir(folder)) {
    const state = await lstat(join(folder, name)).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    })
    if (state === undefined) continue
    if (!state.isFile()) odd.push(name)
    else {
      files.set(name, { bytes: state.size, mtimeMs: state.mtimeMs })
      bytes += state.size
    }
  }
  const finished = files.keys().filter((name) => !isUploadInProgress(name))
  return { files, odd, use: { files: [...finished].length, bytes } }
}

/** Removes what is no regular file, and unfinished uploads that nobody goes on with. Returns what had no place here. */
export async function sweepFolder(folder: string): Promise<readonly string[]> {
  const { files, odd } = await scanFolder(folder)
  // `rm` removes a link, never what it points to.
  for (const name of odd) await rm(join(folder, name), { recursive: true, force: true })
  for (const [name, { mtimeMs }] of files) {
    const stale = isUploadInProgress(name) && Date.now() - mtimeMs > UNFINISHED_MS_MAX
    if (stale) await rm(join(folder, name), { force: true })
  }
  return odd
}

/** What is left to write into, counted again when the last count is old: others may be writing too. */
export class Room {
  readonly #folder: string
  readonly #limits: UploadFolderLimits
  #use: UploadFolderUse = { files: 0, bytes: 0 }
  #countedAt = Number.NEGATIVE_INFINITY

  constructor(folder: string, limits: UploadFolderLimits) {
    this.#folder = folder
    this.#limits = limits
  }

  /** Takes the room if it is there. */
  async take(growth: UploadFolderUse): Promise<UploadLimitFault | undefined> {
    if (performance.now() - this.#countedAt > COUNT_MS_MAX) {
      this.#use = (await scanFolder(this.#folder)).use
      this.#countedAt = performance.now()
    }
    const after = {
      files: this.#use.files + growth.files,
      bytes: this.#use.bytes + growth.bytes,
    }
    const grows = growth.files > 0 || growth.bytes > 0
    const fault = grows ? folderFault(after, this.#limits) : undefined
    if (fault === undefined) this.#use = after
    return fault
  }
}
