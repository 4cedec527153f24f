import { createHash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { DiskError, neighbour, putInPlace } from '#adapters/disk/index.ts'
import { CanonicalGzip, HEADER_BYTES, type PackedMember, packMembers } from '#formats/cvd/index.ts'
import { cannot } from './database-file-error.ts'

export interface Payload {
  readonly bytes: number
  /** One for each head that was asked for; one alone when the tar stays plain. */
  readonly md5s: readonly Uint8Array[]
}

export interface PayloadOptions {
  /**
   * The ten bytes that a gzip stream may begin with; the first is written. They differ between versions of zlib, and
   * nothing but the MD5 tells them apart. Empty: the tar stays plain, as in a `.cld`.
   */
  readonly gzipHeads: readonly Uint8Array[]
  readonly signal: AbortSignal
}

/**
 * A database that grows beside the place where it will stand, and gets there in one step when it is whole. Left
 * without `finish`, nothing stays. Memory is flat. Packing keeps this thread busy, a quarter of a MiB at a time.
 * Throws `DatabaseFileError`.
 */
export class DatabaseDraft implements AsyncDisposable {
  readonly path: string
  readonly #into: string
  readonly #file: FileHandle
  #finished = false

  private constructor(into: string, path: string, file: FileHandle) {
    this.#into = into
    this.path = path
    this.#file = file
  }

  static async open(into: string): Promise<DatabaseDraft> {
    const path = neighbour(into)
    try {
      return new DatabaseDraft(into, path, await open(path, 'wx', 0o644))
    } catch (error) {
      throw cannot('unwritable', `write "${into}"`, error)
    }
  }

  /** Writes what stands behind the header, over what an earlier try left. */
  async writePayload(
    members: Iterable<PackedMember>,
    { gzipHeads, signal }: PayloadOptions,
  ): Promise<Payload> {
    const [head] = gzipHeads
    const sums = (head === undefined ? [new Uint8Array(0)] : gzipHeads).map((start) =>
      createHash('md5').update(start),
    )
    let bytes = 0
    const put = async (piece: Uint8Array) => {
      for (const sum of sums) sum.update(piece)
      await this.#write(piece, HEADER_BYTES + bytes)
      bytes += piece.byteLength
    }
    if (head !== undefined) {
      await this.#write(head, HEADER_BYTES)
      bytes = head.byteLength
    }
    const gzip = head === undefined ? undefined : new CanonicalGzip()
    for await (const piece of packMembers(members)) {
      signal.throwIfAborted()
      for (const packed of gzip?.push(piece) ?? [piece]) await put(packed)
    }
    for (const packed of gzip?.end() ?? []) await put(packed)
    await this.#atDisk(() => this.#file.truncate(HEADER_BYTES + bytes))
    return { bytes, md5s: sums.map((sum) => sum.digest()) }
  }

  /** Another head than the first was the right one. */
  async replaceGzipHead(head: Uint8Array): Promise<void> {
    await this.#write(head, HEADER_BYTES)
  }

  async writeHeader(header: Uint8Array): Promise<void> {
    await this.#write(header, 0)
  }

  /** Durable and in place. */
  async finish(): Promise<void> {
    await this.#atDisk(() => this.#file.sync())
    try {
      await putInPlace(this.path, this.#into)
      this.#finished = true
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      throw cannot('unwritable', `write "${this.#into}"`, error.cause)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
    if (!this.#finished) await rm(this.path, { force: true })
  }

  async #write(bytes: Uint8Array, at: number): Promise<void> {
    await this.#atDisk(async () => {
      for (let done = 0; done < bytes.byteLength; ) {
        const left = bytes.byteLength - done
        done += (await this.#file.write(bytes, done, left, at + done)).bytesWritten
      }
    })
  }

  async #atDisk<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      throw cannot('unwritable', `write "${this.#into}"`, error)
    }
  }
}
