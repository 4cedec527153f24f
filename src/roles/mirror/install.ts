/**
 * Puts files where they belong, for an account that may not be ours. Every act looks first: what is right already is left
 * alone, so a second run, or one after a kill, ends where the first one would have.
 *
 * As root we write into folders of an account that strangers' commands run in: a link in the place of a folder is refused,
 * for it could lead anywhere.
 */
import { chmod, lchown, lstat, mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf, writeFileAtomic } from '#adapters/disk/index.ts'

export type Owner = { readonly uid: number; readonly gid: number }

export class InstallError extends Error {
  override readonly name = 'InstallError'
  readonly code: 'in-the-way' | 'not-ours'

  constructor(code: InstallError['code'], action: string) {
    super(`Cannot ${action}`)
    this.code = code
  }
}

export class Installer {
  readonly #owner: Owner
  readonly #onChange: (line: string) => void

  constructor(owner: Owner, onChange: (line: string) => void) {
    this.#owner = owner
    this.#onChange = onChange
  }

  async folder(path: string, mode: number): Promise<void> {
    if ((await look(path)) === undefined) {
      await mkdir(path, { mode }).catch((error: unknown) => {
        if (errnoOf(error) !== 'EEXIST') throw error
      })
      this.#onChange(`made ${path}/`)
    }
    const found = await look(path)
    if (found?.isDirectory() !== true) {
      throw new InstallError('in-the-way', `use "${path}" as a folder: something else is there`)
    }
    await this.#own(path, found, mode)
  }

  async file(path: string, content: string | Uint8Array, mode: number): Promise<void> {
    await this.#mustBeFolder(dirname(path))
    const wanted = Buffer.from(content)
    const before = await look(path)
    if (before !== undefined && !before.isFile() && !before.isSymbolicLink()) {
      throw new InstallError('in-the-way', `write "${path}": something else is there`)
    }
    if (before?.isFile() !== true || !(await readFile(path)).equals(wanted)) {
      await writeFileAtomic(path, wanted, { mode })
      this.#onChange(`${before === undefined ? 'wrote' : 'renewed'} ${path}`)
    }
    const now = await look(path)
    if (now !== undefined) await this.#own(path, now, mode)
  }

  /** A document root: made, or taken over when it is empty, or already the account's. */
  async documentRoot(path: string): Promise<void> {
    const found = await look(path)
    if (found === undefined) {
      await mkdir(dirname(path), { recursive: true, mode: 0o755 })
      await this.folder(path, 0o755)
      return
    }
    if (found.uid === this.#owner.uid) return
    // A link there was made by whoever owns the machine, and leads where he wanted.
    if (found.isDirectory() && (await readdir(path)).length === 0) {
      await this.#own(path, found, 0o755)
      return
    }
    throw new InstallError(
      'not-ours',
      `take "${path}" as the document root: it belongs to user ${found.uid} and is not empty; give it to the account first`,
    )
  }

  async #mustBeFolder(path: string): Promise<void> {
    if ((await look(path))?.isDirectory() !== true) {
      throw new InstallError('in-the-way', `write into "${path}": it is no folder`)
    }
  }

  async #own(path: string, { mode, uid, gid }: Found, wanted: number): Promise<void> {
    if (uid !== this.#owner.uid || gid !== this.#owner.gid) {
      await lchown(path, this.#owner.uid, this.#owner.gid)
      this.#onChange(`gave ${path} to user ${this.#owner.uid}`)
    }
    if ((mode & 0o777) !== wanted) {
      await chmod(path, wanted)
      this.#onChange(`set the mode of ${path} to ${wanted.toString(8)}`)
    }
  }
}

type Found = Awaited<ReturnType<typeof lstat>> & { mode: number; uid: number; gid: number }

async function look(path: string): Promise<Found | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}
