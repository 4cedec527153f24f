import type { DbName, Generation, Serial } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'
import { cdiffName } from '#formats/cdiff/index.ts'
import { HEADER_BYTES } from '#formats/cvd/index.ts'
import type { Manifest, ManifestFile } from './manifest.ts'
import { type HeaderFile, headerPath, type Release, type ReleaseFile } from './release.ts'
import { strandedSignatures } from './signatures.ts'

/**
 * Patches of a database that are kept whatever they weigh: clients that were away for a month of daily releases still
 * find their way by steps.
 */
const PATCHES_KEPT_MIN = 30

/**
 * The release after `current`: what it had, what came, less what went, patches that are too old, and signatures whose
 * file is gone; and the headers that go with the patches.
 */
export function planRelease(
  current: Release | undefined,
  change: { readonly files: readonly ReleaseFile[]; readonly drop: readonly string[] },
  serial: Serial,
  publishedAt: EpochSeconds,
): Release {
  const files = new Map(current?.files)
  for (const path of change.drop) files.delete(path)
  for (const file of change.files) files.set(file.path, file)
  for (const path of oldPatches([...files.values()])) files.delete(path)
  for (const path of strandedSignatures(files)) files.delete(path)
  for (const { kind, path } of [...files.values()]) if (kind === 'header') files.delete(path)
  for (const header of headersOf(files)) files.set(header.path, header)
  return { serial, publishedAt, files }
}

/**
 * Patches that went out of use, oldest first: beyond the newest thirty they stay while all of them together weigh less
 * than the whole file, which a client that far behind takes instead.
 */
function oldPatches(files: readonly ReleaseFile[]): string[] {
  const byName = new Map<DbName, ReleaseFile[]>()
  for (const file of files.filter(({ kind }) => kind === 'patch')) {
    byName.set(file.name, [...(byName.get(file.name) ?? []), file])
  }
  return [...byName].flatMap(([name, patches]) => {
    const whole = files.find((file) => file.kind === 'database' && file.name === name)?.bytes ?? 0
    let sum = 0
    const newestFirst = patches.toSorted((a, b) => b.version - a.version)
    const firstTooMany = newestFirst.findIndex(({ bytes }, at) => {
      sum += bytes
      return at >= PATCHES_KEPT_MIN && sum > whole
    })
    return firstTooMany < 0 ? [] : newestFirst.slice(firstTooMany).map(({ path }) => path)
  })
}

/** Headers of the databases that can be made again: those to whose version a patch leads. */
function headersOf(files: ReadonlyMap<string, ReleaseFile>): HeaderFile[] {
  return [...files.values()].flatMap((file) => {
    if (file.kind !== 'database' || file.headerSha256 === undefined) return []
    const { name, version, headerSha256: sha256, datedAt } = file
    const patch = files.get(cdiffName({ database: name, version }))
    if (patch === undefined || patch.bytes === 0) return []
    const path = headerPath(name)
    return [{ kind: 'header', path, bytes: HEADER_BYTES, sha256, name, version, datedAt }]
  })
}

/** The signed list of a published tree: the release's files and the pointers beside them. */
export function manifestOf(
  release: Release,
  generation: Generation,
  pointers: readonly ManifestFile[],
): Manifest {
  const files = new Map<string, ManifestFile>()
  for (const { path, bytes, sha256 } of release.files.values()) {
    files.set(path, { path, bytes, sha256 })
  }
  for (const pointer of pointers) files.set(pointer.path, pointer)
  return { serial: release.serial, generation, files }
}
