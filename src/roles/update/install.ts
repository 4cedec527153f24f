/** A database that was brought and verified, to where the scanner loads it. */
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { buildFile, describeBuildFault, unpackFile } from '#adapters/databases/index.ts'
import { putInPlace, syncFile } from '#adapters/disk/index.ts'
import type { DbName } from '#base/names.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { isForStockEngines, publishersFor } from '#core/update/index.ts'
import { isThere, type LocalDatabase } from './local.ts'
import type { UpdateRun } from './world.ts'

export interface Arrival {
  readonly name: DbName
  /** Where it lies: in the scratch folder, or in its place, when what was made of it is missing. */
  readonly path: string
  readonly signedBy: string
}

/**
 * Resolves to why the engine does not load it; then nothing has changed. What the engine loads gets there first, the
 * signed file that the next patches need after it, and the old ones go last: a kill between any two costs a repetition.
 */
export async function install(
  arrival: Arrival,
  old: LocalDatabase | undefined,
  run: UpdateRun,
): Promise<string | undefined> {
  const { directory, signedFolder, engineTest } = run
  const isStock = isForStockEngines(arrival.signedBy)
  const loaded = isStock ? arrival.path : await unsigned(arrival, run)
  const refusal = await engineTest(loaded)
  if (refusal !== undefined) {
    for (const path of new Set([loaded, arrival.path])) {
      if (path !== old?.path) await rm(path, { force: true })
    }
    return refusal
  }
  await place(loaded, directory)
  const signed = isStock
    ? join(directory, basename(arrival.path))
    : await place(arrival.path, signedFolder)
  if (old !== undefined && old.path !== signed) await rm(old.path, { force: true })
  return undefined
}

/** What the engine loads of a database of another publisher is there. */
export async function isInstalled(
  name: DbName,
  { signedBy }: LocalDatabase,
  { directory }: UpdateRun,
): Promise<boolean> {
  return isForStockEngines(signedBy) || (await isThere(join(directory, unsignedName(name))))
}

function unsignedName(name: DbName): string {
  return `${name}.cud`
}

async function place(path: string, folder: string): Promise<string> {
  const there = join(folder, basename(path))
  if (there === path) return there
  await syncFile(path)
  await putInPlace(path, there)
  return there
}

/** The same members without the signatures that a stock engine takes for wrong ones. */
async function unsigned({ name, path }: Arrival, run: UpdateRun): Promise<string> {
  const { publishers, scratch, signal } = run
  const folder = join(scratch, `${name}.members`)
  const into = join(scratch, unsignedName(name))
  const verifiers = verifiersOf(publishersFor(name, publishers))
  await rm(folder, { recursive: true, force: true })
  try {
    const { header, faults } = await unpackFile(path, folder, { verifiers, signal })
    if (header === undefined || faults.length > 0) throw new Error(`Cannot unpack "${path}"`)
    const built = await buildFile({ ...header, name, folder, into, how: { kind: 'cud' }, signal })
    if (built.ok) return into
    throw new Error(`Cannot make "${into}": ${built.fault.map(describeBuildFault).join('; ')}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
