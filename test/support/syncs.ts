import { existsSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/**
 * Which fsyncs happen while `act` puts a file at `place`, in order: `file before` it is there under its name, `folder after`
 * … A power cut cannot be had in a test; that the system was asked in time can be seen.
 */
export async function syncsAround(
  place: string,
  act: () => Promise<unknown>,
): Promise<readonly string[]> {
  await using any = await open(import.meta.filename, 'r')
  const handles: Pick<FileHandle, 'sync'> = Object.getPrototypeOf(any)
  const { sync } = handles
  const seen: string[] = []
  handles.sync = async function (this: FileHandle) {
    const kind = (await this.stat()).isDirectory() ? 'folder' : 'file'
    seen.push(`${kind} ${existsSync(place) ? 'after' : 'before'}`)
    await sync.call(this)
  }
  try {
    await act()
  } finally {
    handles.sync = sync
  }
  return seen
}
