/** What a client has of a database. Freshclam keeps it as `.cvd` or, once it was patched, as `.cld` (formats.md 1.4). */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { examineFile } from '#adapters/databases/index.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { publishersFor } from '#core/update/index.ts'
import { describeCvdFault } from '#formats/cvd/index.ts'
import type { UpdateRun } from './world.ts'

export interface LocalDatabase {
  readonly path: string
  readonly version: DbVersion
  readonly builtAt: EpochSeconds
  readonly signedBy: string
}

const ENDINGS = ['cvd', 'cld'] as const

/** Undefined: there is none, or none that verifies; that one is told. */
export async function localDatabase(
  name: DbName,
  { directory, signedFolder, publishers, voice, signal }: UpdateRun,
): Promise<LocalDatabase | undefined> {
  const verifiers = verifiersOf(publishersFor(name, publishers))
  const places = [directory, signedFolder].flatMap((folder) =>
    ENDINGS.map((ending) => join(folder, `${name}.${ending}`)),
  )
  const found: LocalDatabase[] = []
  for (const path of places) {
    if (!(await isThere(path))) continue
    const { header, signedBy, faults } = await examineFile(path, { verifiers, signal })
    if (header !== undefined && signedBy !== undefined && faults.length === 0) {
      found.push({ path, version: header.version, builtAt: header.builtAt, signedBy })
    } else voice.complain(`"${path}" is not right: ${faults.map(describeCvdFault).join('; ')}`)
  }
  const [newest, ...older] = found.toSorted((a, b) => b.version - a.version)
  // A run that was killed between two steps left both; the engine would load both.
  for (const { path } of older) await rm(path, { force: true })
  return newest
}

export async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
