import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Examination, MemberHead, MemberSink } from '#formats/cvd/index.ts'
import { cannot, systemCode } from './database-file-error.ts'
import { type ExamineFileOptions, examineFile } from './examine-file.ts'

/**
 * Unpacks a database into a new folder while it is examined. The folder stays only if the caller accepts what was
 * found, so that nobody works on with unverified members by mistake. Only harmless names are written, so nothing lands outside.
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
  await makeNew(folder)
  let keep = false
  try {
    const onMember = (member: MemberHead) => new MemberFile(join(folder, member.name))
    const examination = await examineFile(path, { ...examining, onMember })
    keep = accept(examination)
    return examination
  } finally {
    if (!keep) await rm(folder, { recursive: true, force: true })
  }
}

async function makeNew(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') {
      throw cannot('folder-exists', `unpack into "${folder}", which exists already`, error)
    }
    throw cannot('unwritable', `make the folder "${folder}"`, error)
  }
}

/** A member that becomes a file. `wx`: it must not exist, whatever the file system thinks of upper and lower case. */
class MemberFile implements MemberSink {
  readonly #path: string
  #file: FileHandle | undefined

  constructor(path: string) {
    this.#path = path
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      this.#file ??= await open(this.#path, 'wx')
      await this.#file.writeFile(bytes)
    } catch (error) {
      await this.#file?.close()
      throw cannot('unwritable', `write "${this.#path}"`, error)
    }
  }

  async end(): Promise<void> {
    await this.#file?.close()
  }
}
