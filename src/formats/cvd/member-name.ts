/**
 * Names of members: what sigtool packs and engines load, and nothing that means something to a file system. No `/`,
 * no `..`, no leading dot, no blank, no control character (formats.md 1.2).
 */
const MEMBER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/
/** The name field of a tar header has 100 bytes and ends with a NUL. */
export const MEMBER_NAME_CHARS_MAX = 99

export const COPYING = 'COPYING'
export const INFO_SUFFIX = '.info'

export function isMemberName(name: string): boolean {
  return name.length <= MEMBER_NAME_CHARS_MAX && MEMBER_NAME.test(name) && !name.includes('..')
}

/** The order in which sigtool packs a folder; what it does not know comes last (formats.md 1.2). */
const PACKING_ORDER =
  'cbc cfg ign ign2 ftm db hdb hdu hsb hsu mdb mdu msb msu ndb ndu ldb ldu sdb zmd rmd idb fp sfp gdb pdb wdb crb cdb imp'.split(
    ' ',
  )
/** Closes a bytecode database, behind the members that it would otherwise stand among. */
const LAST = 'last.hdb'
/** The only database that is made of bytecode. */
const BYTECODE = 'bytecode'

export function inPackingOrder(names: Iterable<string>): string[] {
  const rank = (name: string) => {
    const at = PACKING_ORDER.indexOf(extensionOf(name))
    return name === LAST || at < 0 ? PACKING_ORDER.length : at
  }
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}

/**
 * Which of a folder's files sigtool packs into a database: `NAME.ext` for the extensions above; for bytecode every
 * `.cbc`, and `last.hdb`. In packing order. `COPYING` and `NAME.info` are neither here nor there.
 */
export function selectMembers(
  database: string,
  files: readonly string[],
): { readonly members: readonly string[]; readonly leftOut: readonly string[] } {
  const isMember = (file: string) =>
    database === BYTECODE
      ? file === LAST || extensionOf(file) === 'cbc'
      : PACKING_ORDER.includes(extensionOf(file)) &&
        extensionOf(file) !== 'cbc' &&
        file === `${database}.${extensionOf(file)}`
  const byItself = new Set([COPYING, `${database}${INFO_SUFFIX}`])
  return {
    members: inPackingOrder(files.filter(isMember)),
    leftOut: files.filter((file) => !isMember(file) && !byItself.has(file)).sort(),
  }
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
