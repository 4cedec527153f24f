import { readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { cannot, DatabaseFileError, readPieces, unpackFile } from '#adapters/databases/index.ts'
import { neighbour } from '#adapters/disk/index.ts'
import {
  applyPatchFile,
  DiskFolder,
  describePatchFileFault,
  type PatchFileFault,
} from '#adapters/patches/index.ts'
import { type DbName, type DbVersion, dbVersion, parseDbName } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { parseCdiffName } from '#formats/cdiff/index.ts'
import {
  COPYING,
  CVD_LIMITS,
  type CvdFault,
  type CvdInfo,
  describeCvdFault,
  INFO_SUFFIX,
  type PackedMember,
  parseInfo,
} from '#formats/cvd/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'

/** An old database, unpacked beside the place of the new one, with patches applied to it in turn. */
export interface PatchedFolder extends AsyncDisposable {
  readonly name: DbName
  readonly info: CvdInfo
  /** In the order in which sigtool packs them: COPYING, `.info`, and then as `.info` tells. */
  readonly members: readonly PackedMember[]
}

export type PatchedFolderFault =
  | { readonly kind: 'old-not-verified'; readonly faults: readonly CvdFault[] }
  | { readonly kind: 'old-has-no-name' }
  | { readonly kind: 'not-the-next-patch'; readonly file: string; readonly wanted: string }
  | { readonly kind: 'patch-not-applied'; readonly file: string; readonly fault: PatchFileFault }
  | { readonly kind: 'bad-info'; readonly faults: readonly CvdFault[] }
  | { readonly kind: 'member-not-there'; readonly member: string }

export interface PatchedFolderRequest {
  /** A `.cvd` or `.cld`. */
  readonly old: string
  /** Files called `NAME-VERSION.cdiff`, one for each version in a row. */
  readonly patches: readonly string[]
  /** Where the result will stand; what is done meanwhile is done beside it. */
  readonly into: string
  readonly publishers: readonly PublisherKeys[]
  readonly signal: AbortSignal
}

/** Nothing is believed that no publisher has signed. Throws `DatabaseFileError` and `PatchError`. */
export async function patchedFolder(
  request: PatchedFolderRequest,
): Promise<Outcome<PatchedFolder, PatchedFolderFault>> {
  const folder = neighbour(request.into)
  let done = false
  try {
    const patched = await unpackAndPatch(request, folder)
    done = patched.ok
    return patched
  } catch (error) {
    if (!(error instanceof DatabaseFileError) || error.code !== 'unwritable') throw error
    throw cannot('unwritable', `unpack beside "${request.into}"`, error.cause)
  } finally {
    if (!done) await rm(folder, { recursive: true, force: true })
  }
}

async function unpackAndPatch(
  { old, patches, publishers, signal }: PatchedFolderRequest,
  folder: string,
): Promise<Outcome<PatchedFolder, PatchedFolderFault>> {
  const found = await unpackFile(old, folder, { verifiers: verifiersOf(publishers), signal })
  if (found.faults.length > 0) return fail({ kind: 'old-not-verified', faults: found.faults })
  const name = parseDbName(found.name ?? '')
  if (!name.ok || found.header === undefined) return fail({ kind: 'old-has-no-name' })
  let version: DbVersion | undefined = found.header.version
  const members = new DiskFolder(folder)
  for (const patch of patches) {
    version = dbVersion(version + 1) ?? version
    const file = basename(patch)
    const given = parseCdiffName(file)
    if (given?.database !== name.value || given.version !== version) {
      return fail({ kind: 'not-the-next-patch', file, wanted: `${name.value}-${version}.cdiff` })
    }
    const end = await applyPatchFile(patch, members, { publishers, signal })
    if (!end.ok) return fail({ kind: 'patch-not-applied', file, fault: end.fault })
  }
  const info = await infoIn(folder, name.value)
  if (!info.ok) return info
  const order = [
    COPYING,
    `${name.value}${INFO_SUFFIX}`,
    ...info.value.members.map(({ name }) => name),
  ]
  const packed: PackedMember[] = []
  for (const member of order) {
    const path = join(folder, member)
    const bytes = await sizeOf(path)
    if (bytes === undefined) return fail({ kind: 'member-not-there', member })
    packed.push({ name: member, bytes, read: () => readPieces(path, signal) })
  }
  return ok({
    name: name.value,
    info: info.value,
    members: packed,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  })
}

async function infoIn(folder: string, name: string): Promise<Outcome<CvdInfo, PatchedFolderFault>> {
  const path = join(folder, `${name}${INFO_SUFFIX}`)
  const bytes = await sizeOf(path)
  if (bytes === undefined)
    return fail({ kind: 'member-not-there', member: `${name}${INFO_SUFFIX}` })
  if (bytes > CVD_LIMITS.infoBytesMax) {
    const bytesMax = CVD_LIMITS.infoBytesMax
    return fail({ kind: 'bad-info', faults: [{ kind: 'info-too-large', bytesMax }] })
  }
  const info = parseInfo(await readFile(path))
  return info.ok ? ok(info.value.info) : fail({ kind: 'bad-info', faults: [info.fault] })
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch {
    return undefined
  }
}

export function describePatchedFolderFault(fault: PatchedFolderFault): string {
  switch (fault.kind) {
    case 'old-not-verified':
      return `the old database is not right: ${fault.faults.map(describeCvdFault).join('; ')}`
    case 'old-has-no-name':
      return 'the old database does not say what it is called'
    case 'not-the-next-patch':
      return `"${fault.file}" is not the next patch, which is ${fault.wanted}`
    case 'patch-not-applied':
      return `${fault.file}: ${describePatchFileFault(fault.fault)}`
    case 'bad-info':
      return `the patched list of members is not right: ${fault.faults.map(describeCvdFault).join('; ')}`
    case 'member-not-there':
      return `after the patches there is no member "${fault.member}"`
  }
}
