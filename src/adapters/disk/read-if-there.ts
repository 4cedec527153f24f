import { readFile } from 'node:fs/promises'
import { errnoOf } from './error.ts'

/** Undefined when there is no such file; whatever else is wrong with it is thrown. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}
