import { createWriteStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Pack, pack } from 'tar-stream'
import { diskError, neighbour, syncFile, syncFolder } from '#adapters/disk/index.ts'

export interface BundleFile {
  /** Its name in the bundle. */
  readonly path: string
  /** Where its content is. */
  readonly file: string
}

/** One read of a file. */
const PIECE_BYTES = 256 * 1024

/** Old or new, never a part, under the name. Resolves to its length in bytes. Throws `DiskError`. */
export async function writeBundle(
  into: string,
  files: readonly BundleFile[],
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  const part = neighbour(into)
  try {
    await writeAll(part, files, signal)
    await syncFile(part)
    const { size } = await stat(part)
    await rename(part, into)
    await syncFolder(dirname(into))
    return size
  } catch (error) {
    signal.throwIfAborted()
    throw diskError(`write "${into}"`, error)
  } finally {
    await rm(part, { force: true })
  }
}

async function writeAll(
  part: string,
  files: readonly BundleFile[],
  signal: AbortSignal,
): Promise<void> {
  const archive = pack()
  const out = createWriteStream(part, { flags: 'wx', mode: 0o644 })
  const written = pipeline(Readable.from(archive), out, { signal })
  const packed = (async () => {
    for (const { path, file } of files) await addFile(archive, path, file, signal)
    archive.finalize()
  })()
  // Whichever fails ends the other.
  packed.catch((error: unknown) => archive.destroy(error instanceof Error ? error : null))
  written.catch((error: unknown) => archive.destroy(error instanceof Error ? error : null))
  await Promise.all([written, packed])
}

async function addFile(
  archive: Pack,
  path: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await using handle = await open(file, 'r')
  const { size, mtime } = await handle.stat()
  const taken = Promise.withResolvers<void>()
  const entry = archive.entry({ name: path, size, mtime, mode: 0o644 }, (error) => {
    if (error) taken.reject(error)
    else taken.resolve()
  })
  // Without somebody who hears of it, either would end the program.
  entry.on('error', taken.reject)
  taken.promise.catch(() => {})
  let place = 0
  while (place < size) {
    signal.throwIfAborted()
    const { bytesRead, buffer } = await handle.read(
      Buffer.allocUnsafe(PIECE_BYTES),
      0,
      PIECE_BYTES,
      place,
    )
    if (bytesRead === 0) throw new Error(`"${file}" was cut while it was read`)
    place += bytesRead
    if (!entry.write(buffer.subarray(0, bytesRead))) {
      await Promise.race([drained(entry), taken.promise])
    }
  }
  entry.end(null)
  await taken.promise
}

function drained(entry: ReturnType<Pack['entry']>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  entry.once('drain', resolve)
  return promise
}
