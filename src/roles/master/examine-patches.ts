import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readPieces, unpackFile } from '#adapters/databases/index.ts'
import { DiskFolder, describePatchFileFault, readPatchFile } from '#adapters/patches/index.ts'
import { toHex } from '#base/bytes.ts'
import type { DbName, DbVersion } from '#base/names.ts'
import { type Changes, changesOfScript } from '#core/changes/index.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { chainOf, type PatchFacts } from '#core/gate/index.ts'
import { databaseOf } from '#core/release/index.ts'
import { applyScript, cdiffName, describePatchFault, type Script } from '#formats/cdiff/index.ts'
import { keysOf } from './publishers.ts'
import type { ExamineContext, ExaminedDatabase, NamedAs, PublishedRelease } from './upload-files.ts'

interface ReadPatch {
  readonly facts: PatchFacts
  /** Undefined when there is a fault. */
  readonly script: Script | undefined
}

export interface ExaminedPatches {
  readonly facts: readonly PatchFacts[]
  /** By the patch's file name, of those that lead where they should. */
  readonly changes: ReadonlyMap<string, Changes>
}

/**
 * Reads patches, checks their signatures, and then does with them what every client will: applies them to the
 * published version and compares the outcome with the uploaded one, member by member (decision 13).
 */
export async function examinePatches(
  files: readonly NamedAs<'patch'>[],
  databases: readonly ExaminedDatabase[],
  published: PublishedRelease | undefined,
  context: ExamineContext,
): Promise<ExaminedPatches> {
  const read: ReadPatch[] = []
  for (const file of files) read.push(await readPatch(file, context))
  const facts: PatchFacts[] = []
  const changes = new Map<string, Changes>()
  for (const name of new Set(files.map(({ is }) => is.name))) {
    const patches = read.filter((patch) => patch.facts.name === name)
    const target = databases.find((one) => one.facts.name === name)
    const { leads, seen } = await tryChain(name, patches, target, published, context)
    for (const { facts: found } of patches) {
      facts.push(found.leads.kind === 'whole' ? found : { ...found, leads })
    }
    for (const [version, change] of seen)
      changes.set(cdiffName({ database: name, version }), change)
  }
  return { facts, changes }
}

async function readPatch(
  { file, path, bytes, is }: NamedAs<'patch'>,
  { publishers, signal }: ExamineContext,
): Promise<ReadPatch> {
  const sha256 = await hashOf(path, signal)
  const about = { file, bytes, sha256, name: is.name, version: is.version }
  if (bytes === 0) {
    const facts = {
      ...about,
      signedBy: undefined,
      zerosLost: false,
      faults: [],
      leads: { kind: 'whole' },
    } as const
    return { facts, script: undefined }
  }
  const read = await readPatchFile(path, { publishers: keysOf(publishers), signal })
  return {
    facts: {
      ...about,
      signedBy: read.ok ? read.value.publisher : undefined,
      zerosLost: read.ok && read.value.zerosLost,
      faults: read.ok ? [] : [describePatchFileFault(read.fault)],
      leads: { kind: 'not-tried' },
    },
    script: read.ok ? read.value.script : undefined,
  }
}

interface Tried {
  readonly leads: PatchFacts['leads']
  readonly seen: ReadonlyMap<DbVersion, Changes>
}

const NOT_TRIED: Tried = { leads: { kind: 'not-tried' }, seen: new Map() }

function no(reason: string): Tried {
  return { leads: { kind: 'no', reason }, seen: new Map() }
}

async function tryChain(
  name: DbName,
  patches: readonly ReadPatch[],
  target: ExaminedDatabase | undefined,
  published: PublishedRelease | undefined,
  context: ExamineContext,
): Promise<Tried> {
  const from = databaseOf(published?.release, name)
  const to = target?.facts.header?.version
  if (published === undefined || from === undefined || target === undefined || to === undefined) {
    return NOT_TRIED
  }
  if (target.facts.faults.length > 0 || target.facts.sha256 === from.sha256) {
    return NOT_TRIED
  }
  if (patches.some(({ facts }) => facts.leads.kind === 'whole')) {
    return no('an empty patch comes with it, so nobody gets to this one')
  }
  const numbered = patches.map(({ facts, script }) => ({ version: facts.version, script }))
  const chain = chainOf(numbered, from.version, to)
  if (!chain.ok) return no(chain.fault)
  const steps = chain.value.flatMap(({ version, script }) =>
    script === undefined ? [] : [{ version, script }],
  )
  if (steps.length < chain.value.length) return NOT_TRIED
  const folder = join(context.scratch, name)
  try {
    await unpackFile(join(published.folder, from.path), folder, {
      verifiers: verifiersOf(keysOf(context.publishers)),
      signal: context.signal,
    })
    return await applyAndCompare(steps, folder, target, context.signal)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function applyAndCompare(
  steps: readonly { readonly version: DbVersion; readonly script: Script }[],
  folder: string,
  target: ExaminedDatabase,
  signal: AbortSignal,
): Promise<Tried> {
  const members = new DiskFolder(folder)
  const seen = new Map<DbVersion, Changes>()
  for (const { version, script } of steps) {
    seen.set(version, await changesOfScript(script, (name) => members.read(name), signal))
    const applied = await applyScript(script, members, signal)
    if (!applied.ok) return no(describePatchFault(applied.fault))
  }
  const difference = await differenceTo(target, folder, signal)
  return difference === undefined ? { leads: { kind: 'yes' }, seen } : no(difference)
}

/** In words; undefined where the folder holds the members of the new version and no others. */
async function differenceTo(
  target: ExaminedDatabase,
  folder: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  // COPYING is no signature data: clients keep the one they have.
  const wanted = new Map(target.examination.members.map((member) => [member.name, member.sha256]))
  wanted.delete('COPYING')
  const left = new Set((await readdir(folder)).filter((file) => file !== 'COPYING'))
  for (const [member, sha256] of wanted) {
    if (!left.delete(member)) return `it does not make ${member}`
    if ((await hashOf(join(folder, member), signal)) !== sha256) {
      return `${member} comes out with other content`
    }
  }
  const [extra] = left
  return extra === undefined ? undefined : `it leaves ${extra}, which the new version does not have`
}

async function hashOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of readPieces(path, signal)) hash.update(piece)
  return toHex(hash.digest())
}
