/** What a client has of a database. Freshclam keeps it as `.cvd` or, once it was patched, as `.cld` (formats.md 1.4). */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { examineFile } from '#adapters/databases/index.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { describeCvdFault } from '#formats/cvd/index.ts'
import type { UpdateRun } from './world.ts'

export interface LocalDatabase {
  readonly path: string
  readonly version: DbVersion
  readonly builtAt: EpochSeconds
}

const ENDINGS = ['cvd', 'cld'] as const

/** Undefined: there is none, or none that verifies; that one is told. */
export async function localDatabase(
  name: DbName,
  { directory, publishers, voice, signal }: UpdateRun,
): Promise<LocalDatabase | undefined> {
  const verifiers = verifiersOf(publishers)
  const found: LocalDatabase[] = []
  for (const ending of ENDINGS) {
    const path = join(directory, `${name}.${ending}`)
    if ((await stat(path).catch(() => undefined)) === undefined) continue
    const { header, faults } = await examineFile(path, { verifiers, signal })
    if (header !== undefined && faults.length === 0) {
      found.push({ path, version: header.version, builtAt: header.builtAt })
    } else voice.complain(`"${path}" is not right: ${faults.map(describeCvdFault).join('; ')}`)
  }
  const [newest, ...older] = found.toSorted((a, b) => b.version - a.version)
  // A run that was killed between two steps left both; the engine would load both.
  for (const { path } of older) await rm(path, { force: true })
  return newest
}
