/** A database that was brought and verified, to where the scanner loads it. */
import { rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { buildFile, describeBuildFault, unpackFile } from '#adapters/databases/index.ts'
import { diskError } from '#adapters/disk/index.ts'
import type { DbName } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { isForStockEngines, publishersFor } from '#core/update/index.ts'
import { isThere, type LocalDatabase, placesOf } from './local.ts'
import { place } from './place.ts'
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
  const made = isStock ? ok(arrival.path) : await unsigned(arrival, run)
  const refusal = made.ok ? await engineTest(made.value) : made.fault
  if (!made.ok || refusal !== undefined) {
    for (const path of [arrival.path, ...(made.ok ? [made.value] : [])]) {
      if (path !== old?.path) await rm(path, { force: true })
    }
    return refusal
  }
  const loaded = made.value
  await place(loaded, join(directory, basename(loaded)))
  const signed = join(isStock ? directory : signedFolder, basename(arrival.path))
  if (!isStock && signed !== arrival.path) await place(arrival.path, signed)
  for (const other of placesOf(arrival.name, run)) {
    if (other !== signed) await remove(other, run)
  }
  return undefined
}

/** What the engine loads of a database of another publisher is there, and what it cannot load is not. */
export async function isInstalled(
  name: DbName,
  { path, signedBy }: LocalDatabase,
  { directory }: UpdateRun,
): Promise<boolean> {
  if (isForStockEngines(signedBy)) return true
  return dirname(path) !== directory && (await isThere(join(directory, unsignedName(name))))
}

function unsignedName(name: DbName): string {
  return `${name}.cud`
}

/** An older one, or one that was not right: the engine would load both. What is new is in its place by then. */
async function remove(path: string, { voice }: UpdateRun): Promise<void> {
  await rm(path, { force: true }).catch((error: unknown) => {
    voice.complain(diskError(`remove "${path}"`, error).message)
  })
}

/** The same members without the signatures that a stock engine takes for wrong ones. */
async function unsigned({ name, path }: Arrival, run: UpdateRun): Promise<Outcome<string, string>> {
  const { publishers, scratch, signal } = run
  const folder = join(scratch, `${name}.members`)
  const into = join(scratch, unsignedName(name))
  const verifiers = verifiersOf(publishersFor(name, publishers))
  await rm(folder, { recursive: true, force: true })
  try {
    const { header, faults } = await unpackFile(path, folder, { verifiers, signal })
    if (header === undefined || faults.length > 0) return fail('it cannot be unpacked')
    const built = await buildFile({ ...header, name, folder, into, how: { kind: 'cud' }, signal })
    if (built.ok) return ok(into)
    const reasons = built.fault.map(describeBuildFault).join('; ')
    return fail(`it cannot be made a database that the engine loads: ${reasons}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
