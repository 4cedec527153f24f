import type { MemberSet } from '#formats/cdiff/index.ts'
import { DiskFolder } from './folder.ts'

/** The members in a folder, as `diffMembers` wants them. The caller says which, and in which order they are told. */
export function membersIn(folder: string, names: readonly string[]): MemberSet {
  const members = new DiskFolder(folder)
  return {
    names,
    read(name) {
      const blocks = members.read(name)
      if (blocks === undefined) throw new Error(`Cannot find "${name}" in "${folder}"`)
      return blocks
    },
  }
}
