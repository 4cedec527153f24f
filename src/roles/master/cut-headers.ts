import { join } from 'node:path'
import { type PublishedTree, readStart, writeFileAtomic } from '#adapters/disk/index.ts'
import { databasePath, type Release } from '#core/release/index.ts'
import { HEADER_BYTES } from '#formats/cvd/index.ts'

/**
 * The files that a release takes in: `uploaded`, and the headers that it wants and that are not published yet, cut off
 * their databases into `folder`. Both map a path of the release to a file.
 */
export async function cutHeaders(
  release: Release,
  published: PublishedTree | undefined,
  uploaded: ReadonlyMap<string, string>,
  folder: string,
): Promise<ReadonlyMap<string, string>> {
  const incoming = new Map(uploaded)
  for (const { kind, path, name, sha256 } of release.files.values()) {
    if (kind !== 'header' || published?.release.files.get(path)?.sha256 === sha256) continue
    const database = databasePath(name)
    const from = uploaded.get(database) ?? join(published?.folder ?? '', database)
    const cut = join(folder, path)
    await writeFileAtomic(cut, await readStart(from, HEADER_BYTES))
    incoming.set(path, cut)
  }
  return incoming
}
