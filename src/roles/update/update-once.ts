/** One run of a client: every database that it keeps, one after the other. */
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Announcements, sweep } from '#adapters/database-server/index.ts'
import { DiskError, makeFolders, takeLock } from '#adapters/disk/index.ts'
import type { DbName } from '#base/names.ts'
import { toSeconds } from '#base/time.ts'
import {
  type CustomEnd,
  type DatabaseEnd,
  describeCustomEnd,
  describeEnd,
  type NotFetched,
  placeName,
  ServerWalk,
  type UpdateReport,
  withoutLogin,
} from '#core/update/index.ts'
import { bring } from './bring.ts'
import { updateCustom } from './custom.ts'
import { install, isInstalled } from './install.ts'
import { type LocalDatabase, localDatabase } from './local.ts'
import { Network } from './network.ts'
import { newestOnServers } from './newest.ts'
import type { UpdateRun, UpdateWorld } from './world.ts'

/** In the database folder, so that the last step is a rename; neither engine nor freshclam looks into it. */
const OWN_FOLDER = '.cvdnet'

/** Another run has the folder. */
export class UpdateBusyError extends Error {
  override readonly name = 'UpdateBusyError'
  readonly code = 'busy'
}

/** Throws `UpdateBusyError`, `DiskError` and their like when nothing can be done at all, and the signal's reason. */
export async function updateOnce(world: UpdateWorld, signal: AbortSignal): Promise<UpdateReport> {
  const own = join(world.directory, OWN_FOLDER)
  await makeFolders(own, 0o700)
  const attempt = await takeLock(join(own, 'lock'), 'update')
  if (attempt.kind === 'busy') {
    const who = attempt.holder === undefined ? '' : ` (process ${attempt.holder.pid})`
    throw new UpdateBusyError(`Cannot update "${world.directory}": another run is at it${who}`)
  }
  await using _ = attempt.lock
  const scratch = join(own, 'scratch')
  const signedFolder = join(own, 'signed')
  for (const folder of [scratch, signedFolder]) await makeFolders(folder, 0o700)
  const walk = new ServerWalk(world.servers.urls)
  const now = toSeconds(world.clock.now())
  await sweep(scratch, now)
  const looking = { ...world, walk, troubles: [], scratch, signedFolder, now, signal }
  const { networkRoot } = world
  const network = networkRoot === undefined ? undefined : await Network.look(looking, networkRoot)
  const run: UpdateRun = { ...looking, network }
  await tellUnwanted(run)
  const announcements = announcementsFor(run)
  const databases = new Map<DbName, DatabaseEnd>()
  for (const name of world.databases) {
    const end = await orFailed(() => updateDatabase(name, announcements, run), run)
    databases.set(name, end)
    tell(end.kind, describeEnd(name, end), run)
    if (walk.allLeftAloneSeconds !== undefined) break
  }
  const custom = new Map<string, CustomEnd>()
  for (const url of world.customUrls) {
    const end = await orFailed(() => updateCustom(url, run), run)
    custom.set(url.href, end)
    tell(end.kind, describeCustomEnd(placeName(url), end), run)
  }
  return { databases, custom, newestClamav: await announcements.newestClamav() }
}

/** Nobody has signed the record; where the network's manifest is known, that says more. */
function announcementsFor({ servers, network, resolveTxt, now, voice }: UpdateRun): Announcements {
  const isAsked = servers.kind === 'public' && network === undefined
  return new Announcements({
    name: isAsked ? servers.recordName : undefined,
    resolveTxt,
    now,
    voice,
  })
}

/** What this machine refuses one file costs that file: those before it are told to the scanner, those after it tried. */
async function orFailed<End>(
  work: () => Promise<End>,
  { signal }: UpdateRun,
): Promise<End | Extract<NotFetched, { readonly kind: 'failed' }>> {
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    // One without a code is a bug, whose place we need.
    if (!(error instanceof Error && 'code' in error)) throw error
    const { message, cause } = error
    const isSaid = error instanceof DiskError || !(cause instanceof Error)
    return { kind: 'failed', reasons: [isSaid ? message : `${message} (${cause.message})`] }
  }
}

/** Freshclam deletes these; here the operator does. */
async function tellUnwanted({ directory, databases, customUrls, voice }: UpdateRun): Promise<void> {
  const wanted = new Set([
    ...databases.flatMap((name) => [`${name}.cvd`, `${name}.cld`]),
    ...customUrls.map(({ pathname }) => basename(pathname)),
  ])
  for (const file of await readdir(directory)) {
    if (!/\.(?:cvd|cld)$/.test(file) || wanted.has(file)) continue
    voice.complain(`"${file}" is loaded from the folder too, and is not kept up to date`)
  }
}

/** An end that is not fine has the troubles in it. */
function tell(kind: DatabaseEnd['kind'], line: string, { voice, troubles }: UpdateRun): void {
  const isFine = FINE.has(kind)
  const reasons = new Set(troubles.splice(0))
  if (isFine) for (const trouble of reasons) voice.complain(trouble)
  voice[isFine ? 'print' : 'complain'](line)
}

const FINE: ReadonlySet<DatabaseEnd['kind']> = new Set(['up-to-date', 'ahead', 'updated'])

async function updateDatabase(
  name: DbName,
  announcements: Announcements,
  run: UpdateRun,
): Promise<DatabaseEnd> {
  if (run.network?.end !== undefined) return run.network.end
  const local = await localDatabase(name, run)
  const announced = await announcements.newest(name)
  const asked =
    announced === undefined
      ? await newestOnServers(name, local, run)
      : ({ ok: true, value: announced } as const)
  if (!asked.ok) return asked.fault.end(`${name}.cvd`, run)
  const newest = asked.value
  if (local !== undefined) {
    const { version } = local
    if (version === newest) return await current(name, local, run)
    if (version > newest) return { kind: 'ahead', version, newest }
  }
  const brought = await bring({ name, local, newest }, run)
  if (!brought.ok) {
    const { fault } = brought
    const isOnlyBehind = fault.refused.length + fault.unreached.length === 0
    return local !== undefined && isOnlyBehind && fault.missing.length > 0
      ? { kind: 'behind', version: local.version, newest }
      : fault.end(`${name}.cvd`, run)
  }
  const { path, signedBy, ...update } = brought.value
  const refusal = await install({ name, path, signedBy }, local, run)
  return refusal === undefined
    ? { kind: 'updated', newest, ...update, server: withoutLogin(update.server) }
    : { kind: 'refused', reasons: [refusal] }
}

/** What is here is the newest; what the engine loads of it may have been taken away. */
async function current(name: DbName, local: LocalDatabase, run: UpdateRun): Promise<DatabaseEnd> {
  const { path, signedBy, version } = local
  const isWhole = await isInstalled(name, local, run)
  const refusal = isWhole ? undefined : await install({ name, path, signedBy }, local, run)
  return refusal === undefined
    ? { kind: 'up-to-date', version }
    : { kind: 'refused', reasons: [refusal] }
}
