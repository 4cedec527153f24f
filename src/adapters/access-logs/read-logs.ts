/**
 * Access logs from where they were left: the one that is being written, and those that logrotate has put aside,
 * compressed or not. A log is known by its first line, so it is not counted twice however it was renamed.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import type { LogCursor } from '#core/statistics/index.ts'

/** Larger pieces are no faster, and their strings wait longer for the collector: with 1 MiB, 90 MB more. */
const READ_BYTES = 64 * 1024
/** Our own lines have 3 KiB at most; beyond this it is no log, and the rest of the line is passed over. */
const LINE_CHARS_MAX = 64 * 1024
const FIRST_LINE_BYTES_MAX = 4096

export interface ReadLogsOptions {
  /** The logs that are being written. */
  readonly paths: readonly string[]
  /** Then no word is lost about it. */
  readonly mayBeMissing?: boolean
  readonly cursors: readonly LogCursor[]
  /** Each line once, latin1, without its end. */
  readonly onLine: (line: string) => void
  /** A log that cannot be read, in words. */
  readonly onFault: (line: string) => void
  readonly signal: AbortSignal
}

/** Resolves to where it has got to. */
export async function readLogs(options: ReadLogsOptions): Promise<readonly LogCursor[]> {
  const known = new Map(options.cursors.map((cursor) => [cursor.fingerprint, cursor]))
  const now = new Map<string, LogCursor>()
  for (const path of options.paths) {
    const files = await withRotated(path)
    if (files.length === 0 && options.mayBeMissing !== true)
      options.onFault(`log "${path}": not found`)
    for (const file of files) {
      options.signal.throwIfAborted()
      try {
        const cursor = await readOne(file, known, options)
        if (cursor === undefined) continue
        const before = now.get(cursor.fingerprint)
        if (before === undefined || before.offset <= cursor.offset)
          now.set(cursor.fingerprint, cursor)
        known.set(cursor.fingerprint, cursor)
      } catch (error) {
        options.signal.throwIfAborted()
        options.onFault(inWords(file, error))
      }
    }
  }
  // A log that could not be read this time is not forgotten; those that are gone for good cost 60 bytes each.
  return [
    ...now.values(),
    ...options.cursors.filter(({ fingerprint }) => !now.has(fingerprint)),
  ].slice(0, CURSORS_MAX)
}

/** A year of daily logs, and then some. */
const CURSORS_MAX = 1000

/** `access.log`, `access.log.1`, `access.log.2.gz`, `access.log-20261124.gz`: the oldest first. */
async function withRotated(path: string): Promise<readonly string[]> {
  const [folder, name] = [dirname(path), basename(path)]
  const names = await readdir(folder).catch((): string[] => [])
  const own = names.filter(
    (one) =>
      one === name ||
      (/^[.-]\d+(?:\.\d+)?(?:\.gz)?$/.test(one.slice(name.length)) && one.startsWith(name)),
  )
  const dated = await Promise.all(
    own.map(async (one) => {
      const file = join(folder, one)
      // The one that is being written is the youngest, whatever the clock of the file system says.
      const at = file === path ? Number.POSITIVE_INFINITY : (await stat(file)).mtimeMs
      return { file, at }
    }),
  )
  return dated.toSorted((a, b) => a.at - b.at).map(({ file }) => file)
}

async function readOne(
  file: string,
  known: ReadonlyMap<string, LogCursor>,
  { onLine, onFault, signal }: ReadLogsOptions,
): Promise<LogCursor | undefined> {
  const isPacked = file.endsWith('.gz')
  const fingerprint = await fingerprintOf(file, isPacked)
  if (fingerprint === undefined) return undefined
  const cursor = known.get(fingerprint) ?? { fingerprint, offset: 0, isComplete: false }
  if (cursor.isComplete) return cursor
  if (!isPacked && (await stat(file)).size <= cursor.offset) return cursor
  let skip = isPacked ? cursor.offset : 0
  const lines = new Lines(onLine)
  let isWhole = true
  try {
    for await (const chunk of contents(file, isPacked ? undefined : cursor.offset, signal)) {
      const passed = Math.min(skip, chunk.length)
      skip -= passed
      lines.add(chunk.subarray(passed))
    }
  } catch (error) {
    signal.throwIfAborted()
    // What was read up to here is counted, and must not be again.
    onFault(inWords(file, error))
    isWhole = false
  }
  const offset = cursor.offset + lines.bytes
  return { fingerprint, offset, isComplete: isPacked && isWhole }
}

function inWords(file: string, error: unknown): string {
  return `log "${file}": ${error instanceof Error ? error.message : String(error)}`
}

async function fingerprintOf(file: string, isPacked: boolean): Promise<string | undefined> {
  const start = isPacked ? await firstUnpacked(file) : await firstBytes(file)
  const end = start.indexOf(0x0a)
  if (end < 0 && start.length < FIRST_LINE_BYTES_MAX) return undefined
  const line = start.subarray(0, end < 0 ? FIRST_LINE_BYTES_MAX : end)
  return createHash('sha256').update(line).digest('base64url').slice(0, 22)
}

async function firstBytes(file: string): Promise<Buffer> {
  await using handle = await open(file, 'r')
  const { bytesRead, buffer } = await handle.read(
    Buffer.alloc(FIRST_LINE_BYTES_MAX),
    0,
    FIRST_LINE_BYTES_MAX,
    0,
  )
  return buffer.subarray(0, bytesRead)
}

async function firstUnpacked(file: string): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const chunk of contents(file, undefined, undefined)) {
    parts.push(chunk)
    bytes += chunk.length
    if (bytes >= FIRST_LINE_BYTES_MAX || chunk.includes(0x0a)) break
  }
  return Buffer.concat(parts).subarray(0, FIRST_LINE_BYTES_MAX)
}

/** From `start` on; undefined: unpacked, from the beginning. Closed when the loop over it ends. */
async function* contents(
  file: string,
  start: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const own = signal === undefined ? {} : { signal }
  const raw = createReadStream(file, { start: start ?? 0, highWaterMark: READ_BYTES, ...own })
  const stream = start === undefined ? raw.pipe(createGunzip({ chunkSize: READ_BYTES })) : raw
  raw.once('error', (error) => stream.destroy(error))
  try {
    for await (const chunk of stream) yield chunk
  } finally {
    raw.destroy()
    stream.destroy()
  }
}

/** Cuts bytes into lines. What has no end yet is not counted: it comes again. */
class Lines {
  /** Of complete lines. */
  bytes = 0
  #rest = ''
  #isTooLong = false
  readonly #onLine: (line: string) => void

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  add(chunk: Buffer): void {
    const text = this.#rest + chunk.toString('latin1')
    let from = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      if (!this.#isTooLong) this.#onLine(text.slice(from, end))
      this.#isTooLong = false
      this.bytes += end + 1 - from
      from = end + 1
    }
    this.#rest = text.slice(from)
    if (this.#rest.length <= LINE_CHARS_MAX) return
    this.bytes += this.#rest.length
    this.#rest = ''
    this.#isTooLong = true
  }
}
