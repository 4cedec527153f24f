import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract, type Header } from 'tar-stream'
import { diskError, errnoOf } from '#adapters/disk/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'

export type BundleFault =
  | { readonly kind: 'not-a-bundle'; readonly reason: string }
  | { readonly kind: 'cut-short' }
  | { readonly kind: 'odd-entry'; readonly name: string; readonly reason: string }

export interface ReadBundleOptions {
  /** A folder that its files go into. */
  readonly into: string
  /** Which of them; absent: all. */
  readonly only?: (path: string) => boolean
  readonly signal: AbortSignal
}

/** As paths in a network's manifest: nothing above, nothing hidden, nothing odd. */
const PLAIN_PATH = /^(?!.*(?:^|\/)\.)[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/
/** A tree of a network has thousands of files at most; each costs an inode here. */
const FILES_MAX = 100_000
const END_BYTES = 1024

/** Resolves to the paths that were taken out. Throws `DiskError` for the disk, and what aborted the signal. */
export async function readBundle(
  file: string,
  { into, only = () => true, signal }: ReadBundleOptions,
): Promise<Outcome<readonly string[], BundleFault>> {
  if (!(await hasEnd(file))) return fail({ kind: 'cut-short' })
  const paths = new Set<string>()
  const taken: string[] = []
  const tar = extract()
  const source = createReadStream(file)
  // NOTE: its streams work as Node's do, and are typed by a library of their own.
  const fed = pipeline(source, tar as unknown as NodeJS.WritableStream, { signal })
  // It is told by the loop below, too.
  fed.catch(() => {})
  try {
    for await (const entry of tar) {
      const fault = faultOf(entry.header, paths)
      if (fault !== undefined) return fail(fault)
      const { name } = entry.header
      paths.add(name)
      if (only(name)) {
        await takeOut(Readable.from(entry), join(into, name), entry.header)
        taken.push(name)
      } else for await (const _piece of entry);
    }
    await fed
  } catch (error) {
    signal.throwIfAborted()
    if (errnoOf(error) !== undefined) throw diskError(`read the bundle "${file}"`, error)
    return fail(faultOfTar(error))
  } finally {
    source.destroy()
  }
  return paths.size > 0 ? ok(taken) : fail({ kind: 'not-a-bundle', reason: 'nothing is in it' })
}

/** Two blocks of zeros, which a reader of a stream does not miss. */
async function hasEnd(path: string): Promise<boolean> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    const end = Buffer.alloc(END_BYTES, 1)
    await file.read(end, 0, END_BYTES, Math.max(0, size - END_BYTES))
    return end.every((byte) => byte === 0)
  } catch (error) {
    throw diskError(`read the bundle "${path}"`, error)
  }
}

function faultOf(header: Header, before: ReadonlySet<string>): BundleFault | undefined {
  const { name, type } = header
  const odd = (reason: string): BundleFault => ({ kind: 'odd-entry', name, reason })
  if (type !== 'file') return odd(`it is a ${type ?? 'thing without a type'}`)
  if (!PLAIN_PATH.test(name)) return odd('its name is not a plain path')
  if (before.has(name)) return odd('it is there twice')
  return before.size >= FILES_MAX ? odd(`it is one more than ${FILES_MAX} files`) : undefined
}

async function takeOut(entry: Readable, path: string, { mtime }: Header): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await pipeline(entry, createWriteStream(path, { flags: 'wx', mode: 0o644 }))
  await utimes(path, mtime, mtime)
}

function faultOfTar(error: unknown): BundleFault {
  const reason = error instanceof Error ? error.message : String(error)
  return /unexpected end|premature/i.test(reason)
    ? { kind: 'cut-short' }
    : { kind: 'not-a-bundle', reason }
}

export function describeBundleFault(fault: BundleFault): string {
  switch (fault.kind) {
    case 'not-a-bundle':
      return `this is no bundle: ${fault.reason}`
    case 'cut-short':
      return 'this is no bundle, or not all of one: it has not the end of an archive'
    case 'odd-entry':
      return `"${fault.name}" in the bundle is nothing to take: ${fault.reason}`
  }
}
