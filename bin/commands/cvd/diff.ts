import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { readPieces, unpackFile } from '#adapters/databases/index.ts'
import { writeFileAtomic } from '#adapters/disk/index.ts'
import { drawSalt } from '#adapters/keys/index.ts'
import { DiskFolder, diffFolders } from '#adapters/patches/index.ts'
import { toHex } from '#base/bytes.ts'
import type { DbVersion } from '#base/names.ts'
import { lostZerosOf, verifiersOf } from '#core/databases/index.ts'
import { makePatch } from '#core/patches/index.ts'
import {
  applyScript,
  describeCdiffFault,
  describeDiffFault,
  describePatchFault,
  describeScriptFault,
  parseCdiffName,
  parseScript,
} from '#formats/cdiff/index.ts'
import type { Examination } from '#formats/cvd/index.ts'
import {
  describeLostZeros,
  type PublisherKeys,
  type PublisherSecrets,
  publicKeys,
} from '#formats/dsig/index.ts'
import { because, CommandEnd, complain, EXIT, ended, say } from '../../io.ts'
import { readPublishers, readSecrets, untilInterrupted, worldEnd } from './common.ts'
import { reasonsFor, statusOf, verdictOn } from './verdict.ts'

export interface DiffCommandOptions {
  readonly output: string
  readonly key?: string
  readonly script?: boolean
  readonly keys: readonly string[]
  readonly unsigned?: boolean
}

/** `cvdnet cvd diff`: unpacks both versions into a scratch folder, and tries the patch there before it is written. */
export async function diff(old: string, fresh: string, options: DiffCommandOptions): Promise<void> {
  const { output, script: plain = false, unsigned = false } = options
  if (plain !== (options.key === undefined)) {
    throw new CommandEnd(EXIT.usage, 'give either --key, for a signed patch, or --script')
  }
  const secrets = options.key === undefined ? undefined : await readSecrets(options.key)
  const publishers = await publishersFor(options.keys, secrets)
  const signal = untilInterrupted()
  const scratch = await mkdtemp(join(tmpdir(), 'cvdnet-diff-')).catch((cause: unknown) => {
    throw ended(EXIT.world, 'cannot make a scratch folder', cause)
  })
  try {
    const folders = { old: join(scratch, 'old'), fresh: join(scratch, 'new') }
    const unpacking = { publishers, unsigned, signal }
    const [from, to] = await bothOf(
      unpackGood(old, folders.old, unpacking),
      unpackGood(fresh, folders.fresh, unpacking),
    )
    const version = checkPair(from, to, output, plain)
    const script = await scriptBetween(folders, from, to, signal)
    await tryScript(script, folders.old, to, signal)
    const bytes = secrets === undefined ? script : patchOf(version, script, secrets)
    await writeFileAtomic(output, bytes).catch(worldEnd)
    say(`${output}: ${bytes.byteLength} bytes, script of ${script.byteLength} bytes`)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Who signs the patch trusts himself, whether he names his public keys or not. */
async function publishersFor(
  files: readonly string[],
  secrets: PublisherSecrets | undefined,
): Promise<readonly PublisherKeys[]> {
  const publishers = await readPublishers(files)
  if (secrets === undefined) return publishers
  const known = publishers.some(({ publisher }) => publisher === secrets.publisher)
  return known ? publishers : [...publishers, publicKeys(secrets)]
}

/** The one still running would write into the scratch folder while it is removed, so it is waited for. */
async function bothOf<T>(one: Promise<T>, other: Promise<T>): Promise<[T, T]> {
  await Promise.allSettled([one, other])
  return [await one, await other]
}

interface Unpacking {
  readonly publishers: readonly PublisherKeys[]
  readonly unsigned: boolean
  readonly signal: AbortSignal
}

async function unpackGood(
  path: string,
  folder: string,
  { publishers, unsigned, signal }: Unpacking,
): Promise<Examination> {
  const verifiers = verifiersOf(publishers)
  const accept = (found: Examination) => statusOf(verdictOn(found), unsigned) === EXIT.done
  const found = await unpackFile(path, folder, { verifiers, signal, accept }).catch(worldEnd)
  for (const role of lostZerosOf(found, publishers)) complain(`${path}: ${describeLostZeros(role)}`)
  if (accept(found)) return found
  for (const reason of reasonsFor(verdictOn(found), unsigned)) complain(`${path}: ${reason}`)
  throw new CommandEnd(EXIT.refused, `"${path}" does not verify, so there is no patch`)
}

/** Which version the patch leads to. */
function checkPair(from: Examination, to: Examination, output: string, plain: boolean): DbVersion {
  const database = to.name
  const version = to.header?.version
  if (version === undefined || from.header === undefined || from.name !== database) {
    throw new CommandEnd(EXIT.refused, `"${from.name}" and "${database}" are two databases`)
  }
  if (from.header.version + 1 !== version) {
    const versions = `${from.header.version} and ${version}`
    throw new CommandEnd(EXIT.refused, `versions ${versions} do not follow each other`)
  }
  const named = parseCdiffName(
    plain ? basename(output).replace(/\.script$/, '.cdiff') : basename(output),
  )
  if (named?.database === database && named?.version === version) return version
  const wanted = `${database}-${version}.${plain ? 'script' : 'cdiff'}`
  throw new CommandEnd(EXIT.usage, `the output must be called ${wanted}; clients trust the name`)
}

async function scriptBetween(
  folders: { readonly old: string; readonly fresh: string },
  from: Examination,
  to: Examination,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const script = await diffFolders(
    { folder: folders.old, members: from.members },
    { folder: folders.fresh, members: to.members },
    signal,
  )
  if (script.ok) return script.value
  throw new CommandEnd(EXIT.refused, describeDiffFault(script.fault))
}

/** A wrong patch would be a bug of ours, and is not let out. */
async function tryScript(
  bytes: Uint8Array,
  folder: string,
  to: Examination,
  signal: AbortSignal,
): Promise<void> {
  const script = parseScript(bytes)
  if (!script.ok)
    throw new Error(`Cannot read our own script: ${describeScriptFault(script.fault)}`)
  const end = await applyScript(script.value, new DiskFolder(folder), signal).catch(
    (error: unknown) => {
      if (signal.aborted || because(error) === '') throw error
      throw ended(EXIT.world, `cannot try the patch in the scratch folder "${folder}"`, error)
    },
  )
  if (!end.ok) throw new Error(`Cannot apply our own script: ${describePatchFault(end.fault)}`)
  const touched = new Set(
    script.value.steps.map((step) => (step.kind === 'move' ? step.target : step.file)),
  )
  for (const { name, sha256 } of to.members.filter((member) => touched.has(member.name))) {
    const hash = createHash('sha256')
    for await (const piece of readPieces(join(folder, name), signal)) hash.update(piece)
    if (toHex(hash.digest()) !== sha256) throw new Error(`Cannot patch "${name}": another result`)
  }
}

function patchOf(
  version: DbVersion,
  script: Uint8Array,
  secrets: Parameters<typeof makePatch>[2],
): Uint8Array {
  const patch = makePatch(version, script, secrets, drawSalt)
  if (patch.ok) return patch.value
  throw new CommandEnd(EXIT.refused, describeCdiffFault(patch.fault))
}
