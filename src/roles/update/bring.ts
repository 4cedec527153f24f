/** A newer version of a database into the scratch folder, verified: by patches where that goes, else the whole file. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { askServer, askServers, Failures } from '#adapters/database-server/index.ts'
import { examineFile } from '#adapters/databases/index.ts'
import { describePatchFileFault, readPatchFile } from '#adapters/patches/index.ts'
import { describeRebuildFault, patchFile } from '#adapters/rebuild/index.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { nextStep, publishersFor, successorsOf, type Updated } from '#core/update/index.ts'
import { CDIFF_BYTES_MAX, cdiffName } from '#formats/cdiff/index.ts'
import { describeCvdFault, HEADER_BYTES, parseHeader } from '#formats/cvd/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'
import type { LocalDatabase } from './local.ts'
import type { UpdateRun } from './world.ts'

/** Guess: a hundred patches take minutes; the next run goes on where a slow server has kept this one for so long. */
const PATCHES_MS_MAX = 6 * 3_600_000
/** Above any database there is; a server that sends more is up to no good. */
const DATABASE_BYTES_MAX = 1024 * 1024 * 1024

export interface Brought extends Omit<Updated, 'kind' | 'newest'> {
  /** In the scratch folder, under the name that it will have. */
  readonly path: string
  readonly signedBy: string
}

export interface Wanted {
  readonly name: DbName
  readonly local: LocalDatabase | undefined
  readonly newest: DbVersion
}

/** With those whose signature counts for this database alone. */
interface BringRun extends UpdateRun {
  readonly publishers: readonly PublisherKeys[]
}

/** Fails when no server has anything newer that can be used. */
export async function bring(wanted: Wanted, world: UpdateRun): Promise<Outcome<Brought, Failures>> {
  const trusted = publishersFor(wanted.name, world.publishers)
  const run = { ...world, publishers: successorsOf(wanted.local?.signedBy, trusted) }
  const { local, newest } = wanted
  const { servers } = run
  const patches = servers.kind === 'public' && servers.patches
  const step = nextStep({ local: local?.version, newest, patches })
  if (step.kind === 'patches' && local !== undefined) {
    const patched = await bringPatches(wanted.name, local, step.versions, run)
    if (patched !== undefined) return ok(patched)
  }
  return await bringWhole(wanted, run)
}

/** As many as there are, in a row. Undefined: not even one, or they do not fit; one takes the whole file then. */
async function bringPatches(
  name: DbName,
  local: LocalDatabase,
  versions: readonly DbVersion[],
  run: BringRun,
): Promise<Brought | undefined> {
  const patches: string[] = []
  let bytes = 0
  let last = ''
  const since = run.clock.now()
  for (const version of versions) {
    if (run.clock.now() - since > PATCHES_MS_MAX) break
    const taken = await fetchPatch(cdiffName({ database: name, version }), run)
    if (taken === undefined) break
    // An empty patch is the publisher's word that one shall take the whole file (formats.md 4.3).
    if (taken.bytes === 0) return undefined
    patches.push(taken.path)
    bytes += taken.bytes
    last = taken.server
  }
  if (patches.length === 0) return undefined
  const { publishers, scratch, signal, voice } = run
  const into = join(scratch, `${name}.cld`)
  const made = await patchFile({ old: local.path, patches, into, publishers, signal })
  for (const patch of patches) await rm(patch, { force: true })
  if (!made.ok) {
    voice.complain(`${name}: ${describeRebuildFault(made.fault)}; taking the whole file`)
    return undefined
  }
  const { header, signedBy } = made.value
  const { version, signatures } = header
  const about = { from: local.version, to: version, signatures, bytes, server: last }
  return { path: into, signedBy, way: 'patches', ...about }
}

async function fetchPatch(
  file: string,
  run: BringRun,
): Promise<{ readonly path: string; readonly bytes: number; readonly server: string } | undefined> {
  const { publishers, scratch, signal } = run
  const path = join(scratch, file)
  const ask = (url: URL) => run.server.download({ url, signal }, path, CDIFF_BYTES_MAX)
  const patchReason = async (bytes: number): Promise<string | undefined> => {
    if (bytes === 0) return undefined
    const patch = await readPatchFile(path, { publishers, signal })
    return patch.ok ? undefined : describePatchFileFault(patch.fault)
  }
  const taken = await askServers(run, { file, ask }, async (bytes, server) => {
    const reason = (await run.network?.refuse(server, file, path)) ?? (await patchReason(bytes))
    if (reason !== undefined) await rm(path, { force: true })
    return reason
  })
  if (taken.ok) return { path, bytes: taken.value.content, server: taken.value.server }
  return undefined
}

/** From the first server that has the newest; where none has, from the one with the newest of what is there. */
async function bringWhole(
  { name, local, newest }: Wanted,
  run: BringRun,
): Promise<Outcome<Brought, Failures>> {
  const file = `${name}.cvd`
  const path = join(run.scratch, file)
  const failures = new Failures()
  const offers: { readonly server: string; readonly version: DbVersion }[] = []
  for (const server of run.walk.order) {
    const ask = (url: URL) => run.server.start({ url, signal: run.signal }, HEADER_BYTES)
    const answer = await askServer(run, server, { file, ask })
    if (answer.kind !== 'found') {
      failures.note(run, { server, file }, answer)
      continue
    }
    const header = parseHeader(answer.content, 'strict')
    if (!header.ok) failures.refuse(run, { server, file }, 'it does not begin as a database')
    else if (local !== undefined && header.value.version <= local.version) {
      failures.missing.push(server)
    } else if (header.value.version >= newest) {
      const brought = await download(
        { server, file, path, version: header.value.version },
        local,
        run,
      )
      if (brought.ok) return brought
      failures.add(brought.fault)
    } else offers.push({ server, version: header.value.version })
  }
  for (const { server, version } of offers.toSorted((a, b) => b.version - a.version)) {
    const brought = await download({ server, file, path, version }, local, run)
    if (brought.ok) return brought
    failures.add(brought.fault)
  }
  return fail(failures)
}

interface Offer {
  readonly server: string
  readonly file: string
  readonly path: string
  readonly version: DbVersion
}

async function download(
  { server, file, path, version }: Offer,
  local: LocalDatabase | undefined,
  run: BringRun,
): Promise<Outcome<Brought, Failures>> {
  const { publishers, signal } = run
  const failures = new Failures()
  const ask = (url: URL) => run.server.download({ url, signal }, path, DATABASE_BYTES_MAX)
  const answer = await askServer(run, server, { file, ask })
  if (answer.kind !== 'found') {
    failures.note(run, { server, file }, answer)
    return fail(failures)
  }
  const reason = await run.network?.refuse(server, file, path)
  if (reason !== undefined) {
    await rm(path, { force: true })
    failures.refuse(run, { server, file }, reason)
    return fail(failures)
  }
  const verifiers = verifiersOf(publishers)
  const { header, name, signedBy, faults } = await examineFile(path, {
    kind: 'cvd',
    verifiers,
    signal,
  })
  const words = faults.map(describeCvdFault)
  if (name !== undefined && `${name}.cvd` !== file) words.push(`its content is "${name}"`)
  if (header !== undefined && header.version < version) {
    words.push(`it is version ${header.version}, and its beginning was of ${version}`)
  }
  if (header === undefined || signedBy === undefined || words.length > 0) {
    await rm(path, { force: true })
    failures.refuse(run, { server, file }, words.join('; '))
    return fail(failures)
  }
  return ok({
    path,
    way: 'whole',
    from: local?.version,
    to: header.version,
    signatures: header.signatures,
    signedBy,
    bytes: answer.content,
    server,
  })
}
