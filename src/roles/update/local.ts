/** What a client has of a database. Freshclam keeps it as `.cvd` or, once it was patched, as `.cld` (formats.md 1.4). */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DatabaseFileError,
  type ExamineFileOptions,
  examineFile,
} from '#adapters/databases/index.ts'
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
  run: UpdateRun,
): Promise<LocalDatabase | undefined> {
  const { publishers, voice, signal } = run
  const verifiers = verifiersOf(publishersFor(name, publishers))
  const found: LocalDatabase[] = []
  for (const path of placesOf(name, run)) {
    if (!(await isThere(path))) continue
    const local = await examined(path, { verifiers, signal })
    if (typeof local !== 'string') found.push(local)
    else voice.complain(`"${path}" is not right: ${local}`)
  }
  const [newest, ...older] = found.toSorted((a, b) => b.version - a.version)
  // A run that was killed between two steps left both; the engine would load both.
  for (const { path } of older) await rm(path, { force: true })
  return newest
}

/** Wherever a signed file of this database may lie. */
export function placesOf(
  name: DbName,
  { directory, signedFolder }: Pick<UpdateRun, 'directory' | 'signedFolder'>,
): readonly string[] {
  return [directory, signedFolder].flatMap((folder) =>
    ENDINGS.map((ending) => join(folder, `${name}.${ending}`)),
  )
}

/** A text is why it is not to be used: one that cannot be read is as good as none, and the next one replaces it. */
async function examined(
  path: string,
  options: ExamineFileOptions,
): Promise<LocalDatabase | string> {
  try {
    const { header, signedBy, faults } = await examineFile(path, options)
    return header !== undefined && signedBy !== undefined && faults.length === 0
      ? { path, version: header.version, builtAt: header.builtAt, signedBy }
      : faults.map(describeCvdFault).join('; ')
  } catch (error) {
    if (error instanceof DatabaseFileError) return error.message
    throw error
  }
}

export async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
