/**
 * Makes a document root show a verified tree: each file by rename, in the order of `planPublish`, deletions last.
 *
 * A kill leaves some files of the new tree and some of the old one, which the order makes bearable for readers; the
 * next run sees by `published.json` what is still to do.
 */
import { lstat, mkdir, readFile, rm, rmdir, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  copyDurably,
  diskError,
  errnoOf,
  isLeftover,
  type Listing,
  linkOrCopy,
  listFiles,
  neighbour,
  putInPlace,
  syncFolder,
  writeFileAtomic,
} from '#adapters/disk/index.ts'
import { type EpochSeconds, epochMs, epochSeconds, toSeconds } from '#base/time.ts'
import {
  dateRule,
  type HeldReason,
  type Hidden,
  lastModifiedOf,
  planPublish,
} from '#core/sync/index.ts'
import {
  isSameFile,
  parsePublished,
  printPublished,
  type RecordedFile,
  type TreeRecord,
} from './tree-record.ts'

export interface PublishContext {
  readonly tree: string
  readonly record: TreeRecord
  readonly to: string
  /** `published.json` of this mirror. */
  readonly recordFile: string
  readonly hidden: Hidden
  readonly deleteShareMax: number
  readonly now: EpochSeconds
  readonly onStep: (step: string) => void
  readonly signal: AbortSignal
}

export interface PublishReport {
  readonly put: readonly string[]
  readonly deleted: readonly string[]
  readonly held: HeldReason | undefined
}

export async function publish(context: PublishContext): Promise<PublishReport> {
  const { to, record, recordFile, hidden, deleteShareMax, onStep } = context
  await makeFolder(to)
  const listing = await sweep(to, context.signal)
  const before = parsePublished(await readFile(recordFile, 'utf8').catch(() => ''), to)
  const published = new Map<string, RecordedFile>()
  const present = new Map<string, string | undefined>()
  for (const path of listing.others) present.set(path, undefined)
  for (const [path, found] of listing.files) {
    const recorded = before.get(path)
    const ours = isSameFile(recorded, found) ? recorded : undefined
    if (ours !== undefined) published.set(path, ours)
    present.set(path, ours && token(path, ours))
  }
  const wanted = new Map([...record.files].map(([path, file]) => [path, token(path, file)]))
  const plan = planPublish({ wanted, present, hidden, deleteShareMax })
  for (const path of plan.puts) {
    // A file that is gone was 404 to everybody; one that was changed may have been fetched with any date.
    const last =
      published.get(path) ?? (present.has(path) ? changed(before.get(path)) : before.get(path))
    published.set(path, await put(path, context, last))
    onStep(`put:${path}`)
  }
  for (const path of [...published.keys()]) if (!wanted.has(path)) published.delete(path)
  await writeFileAtomic(recordFile, printPublished({ to, files: published }), { mode: 0o600 })
  onStep('remembered')
  if (plan.deletions.kind === 'held') {
    return { put: plan.puts, deleted: [], held: plan.deletions.why }
  }
  await deleteAll(context, plan.deletions.paths, listing.folders)
  onStep('deleted')
  return { put: plan.puts, deleted: plan.deletions.paths, held: undefined }
}

/**
 * What makes a published file the wanted one. The time of publication is this mirror's own, so it is no part of it;
 * the other dates are.
 */
function token(path: string, { sha256, lastModified }: RecordedFile): string {
  return dateRule(path) === 'published' ? sha256 : `${sha256} ${lastModified}`
}

function changed(before: RecordedFile | undefined): RecordedFile | undefined {
  return before && { ...before, sha256: '' }
}

async function put(
  path: string,
  { tree, record, to, now }: PublishContext,
  before: RecordedFile | undefined,
): Promise<RecordedFile> {
  const file = record.files.get(path)
  if (file === undefined) throw new Error(`Cannot publish "${path}": it is not in the tree`)
  const [from, onto] = [join(tree, path), join(to, path)]
  const lastModified =
    dateRule(path) === 'published'
      ? lastModifiedOf({ path, sha256: file.sha256, sentAt: now, builtAt: undefined, before, now })
      : file.lastModified
  await makeFolders(to, dirname(path))
  const own = toSeconds(epochMs(file.mtimeMs)) === lastModified
  const there = await lstat(onto).catch(() => undefined)
  // Renaming a link over another link of the same file does nothing and leaves both.
  if (!(own && there?.ino === file.inode)) {
    const part = neighbour(onto)
    if (own) await linkOrCopy(from, part, lastModified)
    else await copyDurably(from, part, lastModified)
    await putInPlace(part, onto)
  }
  const found = await lstat(onto)
  return {
    bytes: found.size,
    inode: found.ino,
    mtimeMs: found.mtimeMs,
    sha256: file.sha256,
    lastModified: epochSeconds(lastModified),
  }
}

/** Lists the document root, and removes what a killed run left half-written. */
async function sweep(to: string, signal: AbortSignal): Promise<Listing> {
  const listing = await listFiles(to, signal)
  const left = [...listing.files.keys(), ...listing.others].filter(isLeftover)
  if (left.length === 0) return listing
  await removeAll(to, left)
  return await listFiles(to, signal)
}

/** A link or a file in a folder's place is replaced, as rsync does: we never write through a link. */
async function makeFolders(to: string, folder: string): Promise<void> {
  if (folder === '.') return
  let path = to
  for (const part of folder.split('/')) {
    path = join(path, part)
    const found = await lstat(path).catch(() => undefined)
    if (found !== undefined && !found.isDirectory()) await rm(path)
    await makeFolder(path)
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 })
  } catch (error) {
    throw diskError(`make folder "${path}"`, error)
  }
}

async function deleteAll(
  { to, hidden }: PublishContext,
  paths: readonly string[],
  folders: readonly string[],
): Promise<void> {
  await removeAll(to, paths)
  for (const folder of folders.toReversed()) {
    if (hidden(folder) || hidden(`${folder}/x`)) continue
    try {
      await rmdir(join(to, folder))
    } catch (error) {
      if (!KEPT.has(errnoOf(error) ?? '')) throw diskError(`remove folder "${folder}"`, error)
    }
  }
  if (paths.length > 0) await syncFolder(to)
}

/** There is something in it, it is gone already, or it became something else. */
const KEPT = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'])

const GONE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])

async function removeAll(to: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await unlink(join(to, path))
    } catch (error) {
      // A link or file that had a folder's name was replaced by that folder.
      if (GONE.has(errnoOf(error) ?? '')) continue
      throw diskError(`delete "${basename(path)}" in "${dirname(join(to, path))}"`, error)
    }
  }
}
