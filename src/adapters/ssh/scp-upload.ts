/**
 * The receiving end of the old scp protocol, in our own code: `scp -t` is asked for, no scp runs. A file is complete
 * under its name or not there at all.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  fileFault,
  isUploadName,
  type UploadCommand,
  uploadLimitText,
  uploadPathText,
} from '#core/intake/index.ts'
import {
  parseScpRecord,
  SCP_FINE,
  SCP_RECORD_BYTES_MAX,
  type ScpRecord,
  scpError,
} from '#formats/scp/index.ts'
import { received } from './channel.ts'
import { systemCode } from './errors.ts'
import { Intake } from './intake.ts'
import { harmless } from './text.ts'
import type { Upload } from './upload.ts'
import { Room } from './upload-folder.ts'

type ScpCommand = Extract<UploadCommand, { kind: 'scp' }>
type FileRecord = Extract<ScpRecord, { kind: 'file' }>

const STATUS_REFUSED = 1

type FileEnd =
  | { readonly kind: 'fine' }
  /** The caller hung up. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'trouble'; readonly why: string }

export async function receiveByScp(upload: Upload, command: ScpCommand): Promise<number> {
  const sink = new Sink(upload, command)
  return await sink.run()
}

class Sink {
  readonly #upload: Upload
  readonly #command: ScpCommand
  readonly #input: Intake
  readonly #room: Room
  #status = 0
  #mtime: number | undefined

  constructor(upload: Upload, command: ScpCommand) {
    this.#upload = upload
    this.#command = command
    this.#input = new Intake(received(upload.channel, upload.caller))
    this.#room = new Room(upload.admission.folder, upload.admission.limits)
  }

  async run(): Promise<number> {
    await using _ = this.#input
    await this.#upload.outlet.write(SCP_FINE)
    for (;;) {
      const line = await this.#input.line(SCP_RECORD_BYTES_MAX)
      if (line === undefined) return this.#status
      const record = parseScpRecord(line)
      if (!record.ok) {
        await this.#refuse(`this is no scp record: "${harmless(line)}"`)
        return this.#status
      }
      const goesOn = await this.#take(record.value)
      if (!goesOn) return this.#status
    }
  }

  async #take(record: ScpRecord): Promise<boolean> {
    switch (record.kind) {
      case 'times':
        this.#mtime = record.mtime
        await this.#upload.outlet.write(SCP_FINE)
        return true
      case 'file':
        await this.#file(record, this.#mtime)
        this.#mtime = undefined
        return true
      case 'folder':
      case 'folder-end':
        await this.#refuse('Folders are not taken; name the files.')
        return true
      case 'complaint':
        this.#status = STATUS_REFUSED
        return !record.fatal
    }
  }

  async #refuse(why: string): Promise<void> {
    this.#status = STATUS_REFUSED
    const { caller, outlet } = this.#upload
    caller.onEvent({ kind: 'upload-refused', from: caller.from, user: caller.user, why })
    await outlet.write(scpError(why))
  }

  /** Undefined where this file may come; otherwise why not. */
  async #objection(record: FileRecord): Promise<string | undefined> {
    const { target, wantsFolder } = this.#command
    if (target.kind === 'file' && wantsFolder) {
      return 'Several files cannot go into one; upload to public_html/.'
    }
    const name = this.#nameFor(record)
    if (!isUploadName(name)) return uploadPathText({ kind: 'bad-name', given: name })
    const fault =
      fileFault(record.bytes, this.#upload.admission.limits) ??
      (await this.#room.take({ files: 1, bytes: record.bytes }))
    return fault === undefined ? undefined : uploadLimitText(fault)
  }

  #nameFor(record: FileRecord): string {
    const { target } = this.#command
    return target.kind === 'file' ? target.name : record.name
  }

  async #file(record: FileRecord, mtime: number | undefined): Promise<void> {
    const objection = await this.#objection(record)
    if (objection !== undefined) {
      await this.#refuse(objection)
      return
    }
    const name = this.#nameFor(record)
    const { folder } = this.#upload.admission
    const draft = join(folder, `.${name}.${crypto.randomUUID().slice(0, 8)}.part`)
    await using handle = await open(draft, 'wx', 0o644)
    await this.#upload.outlet.write(SCP_FINE)
    const end = await this.#bytes(record.bytes, handle)
    if (end.kind !== 'fine') {
      await rm(draft, { force: true })
      this.#status = STATUS_REFUSED
      if (end.kind === 'trouble') await this.#refuse(end.why)
      return
    }
    if (mtime !== undefined) await handle.utimes(mtime, mtime)
    await rename(draft, join(folder, name))
    await this.#upload.outlet.write(SCP_FINE)
  }

  /** Writes what comes, to the end even where writing fails: the protocol has no other way to stay in step. */
  async #bytes(bytes: number, handle: FileHandle): Promise<FileEnd> {
    let end: FileEnd = { kind: 'fine' }
    let left = bytes
    while (left > 0) {
      const part = await this.#input.some(left)
      if (part === undefined) return { kind: 'cut' }
      left -= part.byteLength
      if (end.kind === 'fine') end = await write(handle, part)
    }
    // The sender ends with a zero, or says in a line that his file changed or could not be read.
    const last = await this.#input.some(1)
    if (last === undefined) return { kind: 'cut' }
    if (last[0] === 0) return end
    const why = await this.#input.line(SCP_RECORD_BYTES_MAX)
    return { kind: 'trouble', why: `the sender gave up: ${harmless(why ?? '')}` }
  }
}

async function write(handle: FileHandle, part: Uint8Array): Promise<FileEnd> {
  try {
    await handle.writeFile(part)
    return { kind: 'fine' }
  } catch (error) {
    const full = systemCode(error) === 'ENOSPC'
    return { kind: 'trouble', why: full ? 'the disk is full' : 'the disk does not take it' }
  }
}
