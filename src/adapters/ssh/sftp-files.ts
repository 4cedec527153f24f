/** The open handles of one sftp session: plain files of one folder, and listings. */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { join } from 'node:path'
import { fileFault, type UploadFolderLimits, uploadLimitText } from '#core/intake/index.ts'
import {
  SFTP_STATUS,
  type SftpAttributes,
  type SftpNameEntry,
  type SftpOpenFlags,
} from '#formats/sftp/index.ts'
import { systemCode } from './errors.ts'
import { SftpNo } from './sftp-no.ts'
import type { Room } from './upload-folder.ts'

/** A client opens one file at a time, sshfs and graphical ones a few. */
const HANDLES_MAX = 32
/** What OpenSSH's client asks for at most, well below one packet. */
const READ_BYTES_MAX = 64 * 1024

interface OpenFile {
  readonly kind: 'file'
  readonly handle: FileHandle
  readonly flags: SftpOpenFlags
  /** As this session knows it; others writing into the same file show in `Room`'s next count. */
  bytes: number
}

interface Listing {
  readonly kind: 'listing'
  readonly entries: readonly SftpNameEntry[]
  at: number
}

export class SftpFiles implements AsyncDisposable {
  readonly #folder: string
  readonly #limits: UploadFolderLimits
  readonly #room: Room
  readonly #open = new Map<string, OpenFile | Listing>()
  #count = 0

  constructor(folder: string, limits: UploadFolderLimits, room: Room) {
    this.#folder = folder
    this.#limits = limits
    this.#room = room
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#open.values()) if (one.kind === 'file') await one.handle.close()
    this.#open.clear()
  }

  async open(name: string, flags: SftpOpenFlags): Promise<string> {
    const path = join(this.#folder, name)
    if (flags.write && flags.create) await this.#takeRoomFor(path)
    const handle = await open(path, systemFlags(flags), 0o644)
    try {
      const state = await handle.stat()
      if (!state.isFile()) throw SftpNo.missing()
      return this.#add({ kind: 'file', handle, flags, bytes: state.size })
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async read(id: string, at: number, bytes: number): Promise<Uint8Array> {
    const { handle } = this.#file(id)
    const buffer = Buffer.allocUnsafe(Math.min(bytes, READ_BYTES_MAX))
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, at)
    return buffer.subarray(0, bytesRead)
  }

  async write(id: string, offset: number, data: Uint8Array): Promise<void> {
    const file = this.#writable(id)
    const at = file.flags.append ? file.bytes : offset
    await this.#grow(file, at + data.byteLength)
    for (let done = 0; done < data.byteLength; ) {
      const left = data.byteLength - done
      done += (await file.handle.write(data, done, left, at + done)).bytesWritten
    }
  }

  async setAttributes(id: string, { size, mtime }: SftpAttributes): Promise<void> {
    const file = this.#file(id)
    if (size !== undefined) {
      this.#writable(id)
      await this.#grow(file, size)
      await file.handle.truncate(size)
      file.bytes = size
    }
    if (mtime !== undefined) await file.handle.utimes(mtime, mtime)
  }

  async stat(id: string): Promise<Stats> {
    return await this.#file(id).handle.stat()
  }

  async sync(id: string): Promise<void> {
    await this.#file(id).handle.sync()
  }

  async close(id: string): Promise<void> {
    const one = this.#open.get(id)
    if (one === undefined) throw noSuchHandle()
    this.#open.delete(id)
    if (one.kind === 'file') await one.handle.close()
  }

  addListing(entries: readonly SftpNameEntry[]): string {
    return this.#add({ kind: 'listing', entries, at: 0 })
  }

  nextEntries(id: string, countMax: number): readonly SftpNameEntry[] {
    const one = this.#open.get(id)
    if (one?.kind !== 'listing') throw noSuchHandle()
    const entries = one.entries.slice(one.at, one.at + countMax)
    one.at += entries.length
    return entries
  }

  #add(one: OpenFile | Listing): string {
    if (this.#open.size >= HANDLES_MAX) {
      throw new SftpNo(SFTP_STATUS.failure, `More than ${HANDLES_MAX} files are open.`, true)
    }
    this.#count += 1
    const id = String(this.#count)
    this.#open.set(id, one)
    return id
  }

  #file(id: string): OpenFile {
    const one = this.#open.get(id)
    if (one?.kind !== 'file') throw noSuchHandle()
    return one
  }

  #writable(id: string): OpenFile {
    const file = this.#file(id)
    if (!file.flags.write) throw SftpNo.denied('This file is open for reading only.')
    return file
  }

  async #takeRoomFor(path: string): Promise<void> {
    const there = await lstat(path).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    })
    if (there !== undefined) return
    const fault = await this.#room.take({ files: 1, bytes: 0 })
    if (fault !== undefined) throw new SftpNo(SFTP_STATUS.failure, uploadLimitText(fault), true)
  }

  async #grow(file: OpenFile, bytes: number): Promise<void> {
    if (bytes <= file.bytes) return
    const fault =
      fileFault(bytes, this.#limits) ??
      (await this.#room.take({ files: 0, bytes: bytes - file.bytes }))
    if (fault !== undefined) throw new SftpNo(SFTP_STATUS.failure, uploadLimitText(fault), true)
    file.bytes = bytes
  }
}

function noSuchHandle(): SftpNo {
  return new SftpNo(SFTP_STATUS.failure, 'No such handle', false)
}

function systemFlags(flags: SftpOpenFlags): number {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants
  const way = flags.write ? (flags.read ? O_RDWR : O_WRONLY) : O_RDONLY
  const create = flags.write && flags.create ? O_CREAT : 0
  const truncate = flags.write && flags.truncate ? O_TRUNC : 0
  const exclusive = create !== 0 && flags.exclusive ? O_EXCL : 0
  // Not blocking: a named pipe that got into the folder must not hold the session.
  return way | create | truncate | exclusive | O_NOFOLLOW | O_NONBLOCK
}
