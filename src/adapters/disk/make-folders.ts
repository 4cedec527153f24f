import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { diskError, errnoOf } from './error.ts'

/**
 * A folder with those above it; one that is there is left alone. Node's own recursive mkdir never ends where a file
 * system answers ENOENT to every new name (`/proc`). Throws `DiskError`.
 */
export async function makeFolders(path: string, mode = 0o755): Promise<void> {
  try {
    await makeOne(path, mode)
  } catch (error) {
    const above = dirname(path)
    if (errnoOf(error) !== 'ENOENT' || above === path)
      throw diskError(`make folder "${path}"`, error)
    await makeFolders(above, mode)
    await makeOne(path, mode).catch((cause: unknown) => {
      throw diskError(`make folder "${path}"`, cause)
    })
  }
}

async function makeOne(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode })
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error
  }
}
