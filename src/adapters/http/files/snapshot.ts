/**
 * A published tree as the server sees it: one list, made once, never changed. A new release is a new list, put in
 * place by one assignment, so every request sees one release whole (promise 3, decision 15).
 */
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type EpochSeconds, epochMs, toSeconds } from '#base/time.ts'
import { formatHttpDate } from '#formats/http-fields/index.ts'
import { contentType } from './content-type.ts'
import { bodyFields, entityTag, fileFields, printFields } from './file-fields.ts'

export interface ServedFile {
  /** Where it lies: an absolute path in the tree itself, not through the link that is switched. */
  readonly file: string
  readonly bytes: number
  readonly lastModified: EpochSeconds
  /** The same, as it stands in `Last-Modified`. */
  readonly date: string
  /** With its quotes. */
  readonly tag: string
  /** The first bytes, or all of a small file: kept in memory, shared by all who ask. */
  readonly start: Uint8Array
  /** `Last-Modified` and its like, as they stand in every answer. */
  readonly fields: string
  /** The same, and those of an answer with a body. */
  readonly fieldsWithBody: string
}

/** What an answer needs to know of a file before a byte of it is read. */
export type FileFacts = Pick<
  ServedFile,
  'bytes' | 'lastModified' | 'date' | 'tag' | 'fields' | 'fieldsWithBody'
>

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
/** The header that freshclam asks for (512) and cvdupdate (96), with some room. */
const START_BYTES = 1024

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
    const isCached = found.size <= CACHED_FILE_BYTES_MAX && found.size <= cacheBytesLeft
    if (isCached) cacheBytesLeft -= found.size
    const start = isCached ? await readFile(file) : await readStart(file)
    const lastModified = options.lastModified?.(path) ?? toSeconds(epochMs(found.mtimeMs))
    const about = { path, bytes: isCached ? start.length : found.size, lastModified }
    files.set(path, served({ ...about, file, start }))
  }
  return { files }
}

/** The same, with its bytes in memory that all threads share. */
export function shareable({ files }: Snapshot): Snapshot {
  const bytes = files.values().reduce((sum, { start }) => sum + start.length, 0)
  const memory = new Uint8Array(new SharedArrayBuffer(bytes))
  let at = 0
  const moved = files.entries().map(([path, file]): [string, ServedFile] => {
    const start = memory.subarray(at, at + file.start.length)
    start.set(file.start)
    at += start.length
    return [path, { ...file, start }]
  })
  return { files: new Map(moved) }
}

function served(
  about: Pick<ServedFile, 'file' | 'bytes' | 'lastModified' | 'start'> & { readonly path: string },
): ServedFile {
  const { path, ...rest } = about
  const tag = entityTag(about, about.start.length === about.bytes ? about.start : undefined)
  const fields = printFields(fileFields(about, tag))
  return {
    ...rest,
    tag,
    date: formatHttpDate(about.lastModified),
    fields,
    fieldsWithBody: fields + printFields(bodyFields(contentType(path))),
  }
}

async function readStart(file: string): Promise<Uint8Array> {
  await using handle = await open(file, 'r')
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0)
  return buffer.subarray(0, bytesRead)
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('local_')
}
