/**
 * A newer version of somebody else's database into a folder, with what belongs to it, as a sigmaker would upload it: the
 * patches that lead to it from what is published, the `.cvd` made again out of these and its header, so that the whole is
 * not sent, and the signatures for engines from 1.5 on. What a stopped look has brought already is not fetched again.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { examineFile } from '#adapters/databases/index.ts'
import { makeFolders } from '#adapters/disk/index.ts'
import { describePatchFileFault, readPatchFile } from '#adapters/patches/index.ts'
import { describeRebuildFault, patchFile, rebuildInWorker } from '#adapters/rebuild/index.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { signedName } from '#core/gate/index.ts'
import { type DatabaseFile, databasePath } from '#core/release/index.ts'
import { nextStep } from '#core/update/index.ts'
import type { BroughtBy } from '#core/upstream/index.ts'
import { CDIFF_BYTES_MAX, cdiffName } from '#formats/cdiff/index.ts'
import { describeCvdFault } from '#formats/cvd/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'
import { publisherNamed } from './publishers.ts'
import {
  bringFile,
  fetchFile,
  goodFile,
  type NotBrought,
  sizeOf,
  type WantedFile,
} from './upstream-files.ts'
import type { Offer } from './upstream-offers.ts'
import { tellProgress } from './upstream-progress.ts'
import type { UpstreamRun } from './upstream-world.ts'

/** Above any database there is; a server that sends more is up to no good. */
const DATABASE_BYTES_MAX = 1024 * 1024 * 1024
/** A `.sign` has a few kilobytes. */
const SIGN_BYTES_MAX = 256 * 1024
/** As mirrors have it: 64 MiB take 20 s. */
const REBUILD_MS_MAX = 10 * 60_000

export interface Wish {
  readonly name: DbName
  /** What is published, and the folder of its tree. */
  readonly published: (DatabaseFile & { readonly tree: string }) | undefined
  /** Whose signature counts for it. */
  readonly keys: readonly PublisherKeys[]
  /** Where the set is gathered. */
  readonly folder: string
}

export interface Brought {
  readonly version: DbVersion
  readonly way: BroughtBy
  /** Fetched, patches and signatures among them. */
  readonly bytes: number
}

/** Fails when no server gave what the offer promises, or what the publisher always ships is not there yet. */
export async function bringSet(
  wish: Wish,
  offer: Offer,
  run: UpstreamRun,
): Promise<Outcome<Brought, NotBrought>> {
  await makeFolders(wish.folder, 0o700)
  const patches = await bringPatches(wish, offer, run)
  if (!patches.ok) return patches
  const database = await bringDatabase(wish, offer, patches.value, run)
  if (!database.ok) return database
  const { version, way, signedBy, lead } = database.value
  // Where a release came in between, the patch to it is not here, and without it the others lead nowhere.
  const names = lead && version === offer.header.version ? patches.value.names : []
  const signs = await bringSigns([signedName(wish.name, version), ...names], signedBy, wish, run)
  if (!signs.ok) return signs
  await keepOnly([databasePath(wish.name), ...names, ...signs.value.names], wish.folder)
  const bytes = patches.value.bytes + database.value.bytes + signs.value.bytes
  return ok({ version, way, bytes })
}

interface BroughtFiles {
  readonly names: readonly string[]
  readonly bytes: number
}

interface BroughtPatches extends BroughtFiles {
  /** They lead all the way. */
  readonly isChain: boolean
}

/** All of them or none: with one missing clients do not get through, and the gate takes none. */
async function bringPatches(
  { name, published, keys, folder }: Wish,
  offer: Offer,
  run: UpstreamRun,
): Promise<Outcome<BroughtPatches, NotBrought>> {
  const known = { local: published?.version, newest: offer.header.version, patches: true }
  const step = nextStep(known)
  const names: string[] = []
  let bytes = 0
  for (const version of step.kind === 'patches' ? step.versions : []) {
    const file = cdiffName({ database: name, version })
    const check = (path: string) => checkPatch(path, keys, run.signal)
    const patch = await bringFile({ file, bytesMax: CDIFF_BYTES_MAX, check }, folder, run)
    if (!patch.ok) {
      const isHabit = keys.some((one) =>
        publisherNamed(run.world.publishers, one.publisher)?.always.includes('patch'),
      )
      return isHabit ? patch : ok({ names: [], bytes, isChain: false })
    }
    bytes += patch.value.bytes
    // The publisher's word that one shall take the whole file (formats.md 4.3): no other patch is of use beside it.
    if (patch.value.known === 0) return ok({ names: [file], bytes, isChain: false })
    names.push(file)
  }
  return ok({ names, bytes, isChain: names.length > 0 })
}

/** Its length. */
async function checkPatch(
  path: string,
  publishers: readonly PublisherKeys[],
  signal: AbortSignal,
): Promise<Outcome<number, string>> {
  const bytes = (await sizeOf(path)) ?? 0
  if (bytes === 0) return ok(0)
  const patch = await readPatchFile(path, { publishers, signal })
  return patch.ok ? ok(bytes) : fail(describePatchFileFault(patch.fault))
}

interface Found {
  readonly version: DbVersion
  readonly signedBy: string
}

interface BroughtDatabase extends Found, Brought {
  /** Nothing speaks against it that the patches lead to it. The gate finds out; it takes nothing where they do not. */
  readonly lead: boolean
}

async function bringDatabase(
  wish: Wish,
  offer: Offer,
  patches: BroughtPatches,
  run: UpstreamRun,
): Promise<Outcome<BroughtDatabase, NotBrought>> {
  const { name, folder } = wish
  const rebuilt = await rebuild(wish, offer, patches, run)
  if (rebuilt.kind === 'rebuilt')
    return ok({ ...rebuilt.found, way: 'patches', bytes: 0, lead: true })
  const { lead } = rebuilt
  const wanted: WantedFile<Found> = {
    file: databasePath(name),
    bytesMax: DATABASE_BYTES_MAX,
    except: offer.elsewhere,
    check: (path) => checkDatabase(path, wish, offer.header.version, run.signal),
  }
  const kept = await goodFile(wanted, folder)
  if (kept !== undefined) return ok({ ...kept, way: 'kept', bytes: 0, lead })
  run.world.onEvent(`upstream: ${name} ${offer.header.version}: fetching ${wanted.file} whole`)
  await using _ = tellProgress(join(run.scratch, wanted.file), wanted.file, run.world)
  const fetched = await fetchFile(wanted, folder, run)
  if (!fetched.ok) return fetched
  return ok({ ...fetched.value.known, way: 'whole', bytes: fetched.value.bytes, lead })
}

async function checkDatabase(
  path: string,
  { name, keys }: Wish,
  version: DbVersion,
  signal: AbortSignal,
): Promise<Outcome<Found, string>> {
  const verifiers = verifiersOf(keys)
  const examination = await examineFile(path, { kind: 'cvd', verifiers, signal })
  const { header, signedBy, faults } = examination
  const words = faults.map(describeCvdFault)
  if (examination.name !== undefined && examination.name !== name) {
    words.push(`its content is "${examination.name}"`)
  }
  if (header !== undefined && header.version < version) {
    words.push(`it is version ${header.version}, and its beginning was of ${version}`)
  }
  if (header === undefined || signedBy === undefined || words.length > 0) {
    return fail(words.join('; '))
  }
  return ok({ version: header.version, signedBy })
}

type RebuildEnd =
  | { readonly kind: 'rebuilt'; readonly found: Found }
  /** It has to be had whole. */
  | { readonly kind: 'not-rebuilt'; readonly lead: boolean }

async function rebuild(
  { name, published, keys, folder }: Wish,
  offer: Offer,
  { names, isChain }: BroughtPatches,
  { world, scratch, signal: stopping }: UpstreamRun,
): Promise<RebuildEnd> {
  if (published === undefined || !isChain) return { kind: 'not-rebuilt', lead: true }
  const request = {
    old: join(published.tree, published.path),
    patches: names.map((file) => join(folder, file)),
    publishers: keys,
    signal: AbortSignal.any([stopping, AbortSignal.timeout(REBUILD_MS_MAX)]),
  }
  const notRebuilt = (why: string, lead: boolean): RebuildEnd => {
    world.onEvent(`upstream: ${name} ${offer.header.version} cannot be made of patches: ${why}`)
    return { kind: 'not-rebuilt', lead }
  }
  try {
    const into = join(folder, databasePath(name))
    const made = await rebuildInWorker({ ...request, header: offer.bytes, into })
    if (made.ok) {
      const { header, signedBy } = made.value
      return { kind: 'rebuilt', found: { version: header.version, signedBy } }
    }
    const why = describeRebuildFault(made.fault)
    if (made.fault.kind !== 'bytes-differ') return notRebuilt(why, false)
    // Its publisher may pack as nobody else does. What freshclam makes of the patches tells whether they are right.
    const trial = join(scratch, `${name}.cld`)
    const patched = await patchFile({ ...request, into: trial })
    await rm(trial, { force: true })
    return notRebuilt(why, patched.ok)
  } catch (error) {
    stopping.throwIfAborted()
    return notRebuilt(error instanceof Error ? error.message : String(error), true)
  }
}

/** That there is none is normal; that nobody could be asked is not, since nobody asks again when it is published. */
async function bringSigns(
  signed: readonly string[],
  signedBy: string,
  { folder }: Wish,
  run: UpstreamRun,
): Promise<Outcome<BroughtFiles, NotBrought>> {
  const publisher = publisherNamed(run.world.publishers, signedBy)
  const names: string[] = []
  let bytes = 0
  if (publisher?.certs === undefined) {
    run.sayOnce(`no certificates of ${signedBy} are configured, so its .sign files are left out`)
    return ok({ names, bytes })
  }
  for (const of of signed) {
    const file = `${of}.sign`
    const check = async (path: string): Promise<Outcome<undefined, string>> =>
      (await sizeOf(path)) === 0 ? fail('it is empty') : ok(undefined)
    const sign = await bringFile({ file, bytesMax: SIGN_BYTES_MAX, check }, folder, run)
    if (sign.ok) {
      names.push(file)
      bytes += sign.value.bytes
    } else {
      const { refused, unreached, tired } = sign.fault.failures
      const isNowhere = refused.length + unreached.length + tired.length === 0
      if (!isNowhere || publisher.always.includes('sign')) return sign
    }
  }
  return ok({ names, bytes })
}

/** What an earlier look gathered for another version, or a kill left, is no part of the set. */
async function keepOnly(files: readonly string[], folder: string): Promise<void> {
  for (const file of await readdir(folder)) {
    if (!files.includes(file)) await rm(join(folder, file), { recursive: true, force: true })
  }
}
