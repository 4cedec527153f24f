import { chmod } from 'node:fs/promises'
import { putInPlace, syncFile } from '#adapters/disk/index.ts'

/** The scanner may run under another user than the client, whatever mask or source the file has its rights from. */
const MODE = 0o644

/** A file of the scratch folder to where it is loaded from, in one step. */
export async function place(path: string, there: string): Promise<void> {
  await chmod(path, MODE)
  await syncFile(path)
  await putInPlace(path, there)
}
