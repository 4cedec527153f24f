import { createHash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { diskError, neighbour, putInPlace } from '#adapters/disk/index.ts'
import { toHex } from '#base/bytes.ts'

/** What was written, so that nobody has to read it again. */
export interface WrittenFile {
  readonly path: string
  readonly bytes: number
  /** Lower-case hexadecimal. */
  readonly md5: string
  readonly sha256: string
}

/** A file that is written beside its place, hashed as it grows, and put there at the end. Throws `DiskError`. */
export class LegacyDraft implements AsyncDisposable {
  readonly path: string
  readonly #part: string
  readonly #file: FileHandle
  readonly #md5 = createHash('md5')
  readonly #sha256 = createHash('sha256')
  #bytes = 0
  #inPlace = false

  private constructor(path: string, part: string, file: FileHandle) {
    this.path = path
    this.#part = part
    this.#file = file
  }

  static async at(path: string): Promise<LegacyDraft> {
    const part = neighbour(path)
    try {
      return new LegacyDraft(path, part, await open(part, 'wx', 0o644))
    } catch (error) {
      throw diskError(`write "${path}"`, error)
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength === 0) return
    this.#md5.update(bytes)
    this.#sha256.update(bytes)
    this.#bytes += bytes.byteLength
    try {
      await this.#file.writeFile(bytes)
    } catch (error) {
      throw diskError(`write "${this.path}"`, error)
    }
  }

  /** Nothing more comes. The content is on disk, the name is not yet. */
  async finish(): Promise<WrittenFile> {
    try {
      await this.#file.chmod(0o644)
      await this.#file.sync()
    } catch (error) {
      throw diskError(`write "${this.path}"`, error)
    }
    return {
      path: this.path,
      bytes: this.#bytes,
      md5: toHex(this.#md5.digest()),
      sha256: toHex(this.#sha256.digest()),
    }
  }

  async putInPlace(): Promise<void> {
    this.#inPlace = true
    await putInPlace(this.#part, this.path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
    if (!this.#inPlace) await rm(this.#part, { force: true })
  }
}
