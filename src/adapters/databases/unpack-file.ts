import { type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { neighbour } from '#adapters/disk/index.ts'
import type { Examination, MemberHead, MemberSink } from '#formats/cvd/index.ts'
import { cannot, DatabaseFileError, systemCode } from './database-file-error.ts'
import { type ExamineFileOptions, examineFile } from './examine-file.ts'

/**
 * Unpacks a database into a new folder while it is examined. The folder gets its name at the end, and only if the caller
 * accepts what was found: whoever sees it, even after a kill, sees verified members. Only harmless names are written,
 * so nothing lands outside.
 * Throws `DatabaseFileError`.
 */
export async function unpackFile(
  path: string,
  folder: string,
  options: ExamineFileOptions & {
    /** May the members stay? By default, if there is no fault. */
    readonly accept?: (examination: Examination) => boolean
  },
): Promise<Examination> {
  const { accept = ({ faults }) => faults.length === 0, ...examining } = options
  const draft = neighbour(folder)
  await makeDraft(draft, folder)
  let kept = false
  try {
    const onMember = ({ name }: MemberHead) => new MemberFile(join(draft, name), join(folder, name))
    const examination = await examineFile(path, { ...examining, onMember })
    if (accept(examination)) {
      await putInPlace(draft, folder)
      kept = true
    }
    return examination
  } finally {
    if (!kept) await rm(draft, { recursive: true, force: true })
  }
}

/** Told before the work, not after it, that the place is taken. */
async function makeDraft(draft: string, folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => undefined)
  if (found !== undefined) {
    throw new DatabaseFileError('folder-exists', `unpack into "${folder}", which exists already`)
  }
  try {
    await mkdir(draft)
  } catch (error) {
    throw cannot('unwritable', `make the folder "${folder}"`, error)
  }
}

async function putInPlace(draft: string, folder: string): Promise<void> {
  try {
    await rename(draft, folder)
  } catch (error) {
    const code = systemCode(error)
    throw code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR'
      ? cannot('folder-exists', `unpack into "${folder}", which exists already`, error)
      : cannot('unwritable', `make the folder "${folder}"`, error)
  }
}

/** A member that becomes a file. `wx`: it must not exist, whatever the file system thinks of upper and lower case. */
class MemberFile implements MemberSink {
  readonly #path: string
  /** Where it will stand: what an error names. */
  readonly #into: string
  #file: FileHandle | undefined

  constructor(path: string, into: string) {
    this.#path = path
    this.#into = into
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      this.#file ??= await open(this.#path, 'wx')
      await this.#file.writeFile(bytes)
    } catch (error) {
      await this.#file?.close()
      throw cannot('unwritable', `write "${this.#into}"`, error)
    }
  }

  async end(): Promise<void> {
    await this.#file?.close()
  }
}
