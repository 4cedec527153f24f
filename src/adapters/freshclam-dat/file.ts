import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DiskError,
  diskError,
  errnoOf,
  readStart,
  type WriteOptions,
  writeFileAtomic,
} from '#adapters/disk/index.ts'
import { unreachable } from '#base/outcome.ts'
import {
  describeFreshclamDatFault,
  FRESHCLAM_DAT_BYTES,
  type FreshclamDat,
  type FreshclamDatFault,
  parseFreshclamDat,
  printFreshclamDat,
} from '#formats/freshclam-dat/index.ts'

/** Where the memory comes from. Whatever is not `found` was written anew, with a uuid of its own. */
export type RememberedBy =
  | { readonly kind: 'found' }
  | { readonly kind: 'made' }
  /** A cool-down that it may have held is lost, as with freshclam. */
  | { readonly kind: 'made-anew'; readonly fault: FreshclamDatFault }

const NAME = 'freshclam.dat'
/** freshclam's under the usual mask: a uuid is no secret. */
const MODE = 0o644

/**
 * What this client, or the stock freshclam of the same database folder, remembers; made where there is nothing or
 * nothing that can be read. The folder must be there. Throws `DiskError`.
 */
export async function openFreshclamDat(
  folder: string,
): Promise<{ readonly dat: FreshclamDat; readonly by: RememberedBy }> {
  const bytes = await readIfThere(join(folder, NAME))
  const found = bytes === undefined ? undefined : parseFreshclamDat(bytes)
  if (found?.ok) return { dat: found.value, by: { kind: 'found' } }
  const dat = { uuid: randomUUID() }
  await writeFreshclamDat(folder, dat)
  const by =
    found === undefined
      ? { kind: 'made' as const }
      : { kind: 'made-anew' as const, fault: found.fault }
  return { dat, by }
}

/**
 * In one step, so that nobody reads half of it. Mode and owner stay what they were; a new file belongs to whoever owns
 * the folder, if we may say so: a freshclam that runs under `DatabaseOwner` must be able to write it. Throws `DiskError`.
 */
export async function writeFreshclamDat(folder: string, dat: FreshclamDat): Promise<void> {
  const path = join(folder, NAME)
  await writeFileAtomic(path, printFreshclamDat(dat), await rightsOf(path, folder))
}

async function rightsOf(path: string, folder: string): Promise<WriteOptions> {
  const old = await statIfThere(path)
  const { uid, gid } = old ?? (await statIfThere(folder)) ?? {}
  const mode = old === undefined ? MODE : old.mode & 0o777
  const mayGive = process.geteuid?.() === 0 && uid !== undefined && gid !== undefined
  return mayGive ? { mode, owner: { uid, gid } } : { mode }
}

/** One more byte than it should have, so that what is too long is seen. */
async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readStart(path, FRESHCLAM_DAT_BYTES + 1)
  } catch (error) {
    if (error instanceof DiskError && error.code === 'vanished') return undefined
    throw error
  }
}

async function statIfThere(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw diskError(`look at "${path}"`, error)
  }
}

/** One sentence without full stop; undefined where there is nothing to tell. */
export function describeRemembered(by: RememberedBy): string | undefined {
  switch (by.kind) {
    case 'found':
    case 'made':
      return undefined
    case 'made-anew':
      return `${NAME} could not be used, because ${describeFreshclamDatFault(by.fault)}; it was made anew`
    default:
      return unreachable(by)
  }
}
