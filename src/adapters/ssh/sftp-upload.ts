/**
 * sftp for an upload account, and what `scp` of OpenSSH 9 and later speaks. One request after the other, each answered
 * before the next is read: answers come in order (OpenSSH 9.2 truncates otherwise), and a caller who asks faster than
 * the disk writes is slowed down by the channel's window. Paths are words until `core/intake` has resolved them; on disk
 * only plain names in one folder are ever opened, and no link is followed.
 */
import type { Stats } from 'node:fs'
import { link, lstat, rename, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import {
  isUploadName,
  resolveUploadPath,
  UPLOAD_FOLDER_NAME,
  type UploadPlace,
  uploadPathText,
  uploadPlacePath,
} from '#core/intake/index.ts'
import {
  parseSftpRequest,
  SFTP_STATUS,
  type SftpAttributes,
  type SftpNameEntry,
  SftpPackets,
  type SftpRequest,
  sftpAttributes,
  sftpData,
  sftpHandle,
  sftpNames,
  sftpStatus,
  sftpVersion,
} from '#formats/sftp/index.ts'
import { received } from './channel.ts'
import { systemCode } from './errors.ts'
import { SftpFiles } from './sftp-files.ts'
import { SftpNo } from './sftp-no.ts'
import type { Upload } from './upload.ts'
import { Room, scanFolder } from './upload-folder.ts'

const STATUS_BROKEN = 3
const FOLDER_MODE = 0o40700
/** Entries in one answer, so that it stays below one packet. */
const NAMES_PER_ANSWER = 100

type Answer = Uint8Array | undefined
type Of<Kind extends SftpRequest['kind']> = Extract<SftpRequest, { kind: Kind }>

/** Serves until the caller ends; then OpenSSH waits for an exit status (performance notes). */
export async function serveSftp(upload: Upload): Promise<number> {
  const packets = new SftpPackets()
  await using server = new SftpServer(upload)
  for await (const chunk of received(upload.channel, upload.caller)) {
    const complete = packets.feed(chunk)
    if (!complete.ok) return STATUS_BROKEN
    for (const packet of complete.value) {
      const request = parseSftpRequest(packet)
      if (!request.ok) return STATUS_BROKEN
      const answer = await server.answer(request.value)
      if (answer !== undefined) await upload.outlet.write(answer)
    }
    if (upload.caller.closing.aborted) return STATUS_BROKEN
  }
  return 0
}

class SftpServer implements AsyncDisposable {
  readonly #upload: Upload
  readonly #folder: string
  readonly #room: Room
  readonly #files: SftpFiles
  #lastComplaint = ''

  constructor(upload: Upload) {
    const { folder, limits } = upload.admission
    this.#upload = upload
    this.#folder = folder
    this.#room = new Room(folder, limits)
    this.#files = new SftpFiles(folder, limits, this.#room)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]()
  }

  async answer(request: SftpRequest): Promise<Answer> {
    if (request.kind === 'init') return sftpVersion()
    try {
      return await this.#do(request)
    } catch (error) {
      if (!(error instanceof SftpNo)) return sftpStatus(request.id, ...systemStatus(error))
      if (error.loud) this.#complain(error.message)
      return sftpStatus(request.id, error.status, error.message)
    }
  }

  /**
   * OpenSSH's clients print the code's name and not our sentence, so it goes to standard error as well. Once: a client
   * has dozens of writes under way when the first one is refused.
   */
  #complain(sentence: string): void {
    if (sentence === this.#lastComplaint) return
    this.#lastComplaint = sentence
    this.#upload.outlet.complain(sentence)
  }

  async #do(request: Exclude<SftpRequest, { kind: 'init' }>): Promise<Answer> {
    const { id } = request
    switch (request.kind) {
      case 'realpath':
        return sftpNames(id, [plainEntry(uploadPlacePath(place(request.path)))])
      case 'stat':
      case 'lstat':
        return sftpAttributes(id, await this.#stat(place(request.path)))
      case 'opendir':
        return sftpHandle(id, this.#files.addListing(await this.#list(place(request.path))))
      case 'readdir': {
        const entries = this.#files.nextEntries(request.handle, NAMES_PER_ANSWER)
        return entries.length === 0
          ? sftpStatus(id, SFTP_STATUS.eof, 'No more entries')
          : sftpNames(id, entries)
      }
      case 'open':
        return sftpHandle(id, await this.#files.open(fileName(request.path), request.flags))
      case 'read': {
        const data = await this.#files.read(request.handle, request.at, request.bytes)
        return data.byteLength === 0
          ? sftpStatus(id, SFTP_STATUS.eof, 'End of file')
          : sftpData(id, data)
      }
      case 'fstat':
        return sftpAttributes(id, attributes(await this.#files.stat(request.handle)))
      default:
        await this.#change(request)
        return sftpStatus(id, SFTP_STATUS.ok, 'Done')
    }
  }

  /** Requests that answer with a status and nothing else. */
  async #change(
    request: Exclude<
      SftpRequest,
      Of<'init' | 'realpath' | 'opendir' | 'stat' | 'lstat' | 'readdir' | 'open' | 'read' | 'fstat'>
    >,
  ): Promise<void> {
    switch (request.kind) {
      case 'write':
        await this.#files.write(request.handle, request.at, request.data)
        return
      case 'close':
        await this.#files.close(request.handle)
        return
      case 'fsync':
        await this.#files.sync(request.handle)
        return
      case 'fsetstat':
        await this.#files.setAttributes(request.handle, request.attributes)
        return
      case 'setstat':
        await this.#setAttributes(request)
        return
      case 'remove':
        await unlink(join(this.#folder, fileName(request.path)))
        return
      case 'rename':
        await this.#rename(request)
        return
      case 'mkdir':
      case 'rmdir':
        throw SftpNo.denied(`Files go flat into ${UPLOAD_FOLDER_NAME}/: folders are not made here.`)
      case 'symlink':
      case 'readlink':
        throw SftpNo.denied('Links are not taken: upload the file itself.')
      case 'unknown':
        throw new SftpNo(SFTP_STATUS.unsupported, 'Not supported here', false)
    }
  }

  async #stat(where: UploadPlace): Promise<SftpAttributes> {
    if (where.kind !== 'file') return { size: 0, mode: FOLDER_MODE, mtime: 0 }
    const state = await lstat(join(this.#folder, where.name))
    if (!state.isFile()) throw SftpNo.missing()
    return attributes(state)
  }

  async #list(where: UploadPlace): Promise<readonly SftpNameEntry[]> {
    if (where.kind === 'file') throw new SftpNo(SFTP_STATUS.failure, 'This is a file', false)
    if (where.kind === 'home') return ['.', '..', UPLOAD_FOLDER_NAME].map(folderEntry)
    const { files } = await scanFolder(this.#folder)
    const shown = [...files].filter(([name]) => isUploadName(name)).sort()
    return [
      ...['.', '..'].map(folderEntry),
      ...shown.map(([name, { bytes, mtimeMs }]) => fileEntry(name, bytes, mtimeMs)),
    ]
  }

  /** Times and lengths of a file; modes and owners are passed over, and a folder has neither. */
  async #setAttributes({ path, attributes: wanted }: Of<'setstat'>): Promise<void> {
    const where = place(path)
    if (where.kind !== 'file') return
    const file = join(this.#folder, where.name)
    await this.#stat(where)
    if (wanted.size !== undefined) {
      const handle = await this.#files.open(where.name, WRITE_EXISTING)
      await this.#files.setAttributes(handle, { ...wanted, mtime: undefined })
      await this.#files.close(handle)
    }
    if (wanted.mtime !== undefined) await utimes(file, wanted.mtime, wanted.mtime)
  }

  async #rename({ from, to, replaces }: Of<'rename'>): Promise<void> {
    const [source, target] = [fileName(from), fileName(to)]
    await this.#stat({ kind: 'file', name: source })
    const [sourceFile, targetFile] = [join(this.#folder, source), join(this.#folder, target)]
    if (replaces) {
      await rename(sourceFile, targetFile)
      return
    }
    await link(sourceFile, targetFile)
    await unlink(sourceFile)
  }
}

const WRITE_EXISTING = {
  read: false,
  write: true,
  append: false,
  create: false,
  truncate: false,
  exclusive: false,
}

function place(path: string): UploadPlace {
  const where = resolveUploadPath(path)
  if (!where.ok) throw SftpNo.denied(uploadPathText(where.fault))
  return where.value
}

function fileName(path: string): string {
  const where = place(path)
  if (where.kind === 'file') return where.name
  throw SftpNo.denied(`Name a file in ${UPLOAD_FOLDER_NAME}/.`)
}

function attributes(state: Stats): SftpAttributes {
  return { size: state.size, mode: state.mode, mtime: Math.floor(state.mtimeMs / 1000) }
}

function plainEntry(name: string): SftpNameEntry {
  return {
    name,
    longName: name,
    attributes: { size: undefined, mode: undefined, mtime: undefined },
  }
}

function folderEntry(name: string): SftpNameEntry {
  const longName = `drwx------    1 upload   upload          0 ${name}`
  return { name, longName, attributes: { size: 0, mode: FOLDER_MODE, mtime: 0 } }
}

function fileEntry(name: string, bytes: number, mtimeMs: number): SftpNameEntry {
  const when = new Date(mtimeMs).toISOString().slice(0, 16).replace('T', ' ')
  const longName = `-rw-r--r--    1 upload   upload ${String(bytes).padStart(10)} ${when} ${name}`
  const mtime = Math.floor(mtimeMs / 1000)
  return { name, longName, attributes: { size: bytes, mode: 0o100644, mtime } }
}

/** What the system said, in the protocol's codes. */
function systemStatus(error: unknown): [(typeof SFTP_STATUS)[keyof typeof SFTP_STATUS], string] {
  switch (systemCode(error)) {
    case 'ENOENT':
      return [SFTP_STATUS.noSuchFile, 'No such file']
    case 'EEXIST':
      return [SFTP_STATUS.failure, 'There is a file of this name']
    case 'ELOOP':
      return [SFTP_STATUS.permissionDenied, 'Links are not followed']
    case 'ENOSPC':
      return [SFTP_STATUS.failure, 'The disk is full']
    default:
      return [SFTP_STATUS.failure, 'The disk does not do this']
  }
}
