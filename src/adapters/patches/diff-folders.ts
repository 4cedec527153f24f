import type { Outcome } from '#base/outcome.ts'
import { type DiffFault, diffMembers } from '#formats/cdiff/index.ts'
import type { InfoMember } from '#formats/cvd/index.ts'
import { membersIn } from './member-set.ts'

/** One version of a database, unpacked, with what its examination found. */
export interface UnpackedVersion {
  readonly folder: string
  /** In the order in which they are packed. */
  readonly members: readonly InfoMember[]
}

/** The script that leads from one unpacked version to another. Members with equal hashes are not read. */
export async function diffFolders(
  old: UnpackedVersion,
  fresh: UnpackedVersion,
  signal: AbortSignal,
): Promise<Outcome<Uint8Array, DiffFault>> {
  const hashes = new Map(old.members.map(({ name, sha256 }) => [name, sha256]))
  const same = new Set(
    fresh.members.filter(({ name, sha256 }) => hashes.get(name) === sha256).map(({ name }) => name),
  )
  return await diffMembers(membersOf(old), membersOf(fresh), {
    isSame: (name) => same.has(name),
    signal,
  })
}

function membersOf({ folder, members }: UnpackedVersion) {
  return membersIn(
    folder,
    members.map(({ name }) => name),
  )
}
