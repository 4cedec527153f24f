/** From a path to something that can be sent: a file of the tree, or one of the operator's `local_*`. */
import { type FileHandle, open } from 'node:fs/promises'
import { formatHttpDate } from '#formats/http-fields/index.ts'
import { bodyFields, entityTag, fileFields, printFields } from './file-fields.ts'
import { openLocal } from './local-files.ts'
import type { FileFacts, ServedFile } from './snapshot.ts'

export interface OpenFile extends AsyncDisposable {
  readonly handle: FileHandle
}

interface Shared {
  readonly handle: Promise<FileHandle | undefined>
  users: number
}

/** Files that are being read now, each opened once however many read it. */
export class OpenFiles {
  readonly #open = new Map<ServedFile, Shared>()

  /**
   * Undefined when it cannot be read as it was listed: the tree was taken away between two releases, or the disk
   * fails. To be asked before the head is written, so that this is a plain 404, and the next mirror has it.
   */
  async open(file: ServedFile): Promise<OpenFile | undefined> {
    let shared = this.#open.get(file)
    if (shared === undefined) {
      shared = { handle: openListed(file), users: 0 }
      this.#open.set(file, shared)
    }
    const own = shared
    own.users += 1
    const release = async (): Promise<void> => {
      own.users -= 1
      if (own.users > 0) return
      this.#open.delete(file)
      await (await own.handle)?.close()
    }
    const handle = await own.handle
    if (handle !== undefined) return { handle, [Symbol.asyncDispose]: release }
    await release()
    return undefined
  }
}

async function openListed(file: ServedFile): Promise<FileHandle | undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await open(file.file, 'r')
    if ((await handle.stat()).size === file.bytes) return handle
  } catch {
    // Told as undefined.
  }
  await handle?.close()
  return undefined
}

export interface OperatorsFile extends OpenFile {
  readonly facts: FileFacts
}

/** A `local_*` file as it is at this moment. */
export async function openOperators(
  folder: string,
  path: string,
): Promise<OperatorsFile | undefined> {
  const local = await openLocal(folder, path)
  if (local === undefined) return undefined
  const { handle, bytes, lastModified, contentType } = local
  const about = { path, bytes, lastModified }
  const tag = entityTag(about)
  const fields = printFields(fileFields(about, tag))
  const fieldsWithBody = fields + printFields(bodyFields(contentType))
  const date = formatHttpDate(lastModified)
  const facts = { bytes, lastModified, date, tag, fields, fieldsWithBody }
  return { facts, handle, [Symbol.asyncDispose]: () => handle.close() }
}
