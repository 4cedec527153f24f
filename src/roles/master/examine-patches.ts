import { createHash } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readPieces, unpackFile } from '#adapters/databases/index.ts'
import { DiskFolder, describePatchFileFault, readPatchFile } from '#adapters/patches/index.ts'
import { toHex } from '#base/bytes.ts'
import type { DbName } from '#base/names.ts'
import { trustedPublishers, verifiersOf } from '#core/databases/index.ts'
import { chainOf, type PatchFacts } from '#core/gate/index.ts'
import { databaseOf } from '#core/release/index.ts'
import { applyScript, describePatchFault, type Script } from '#formats/cdiff/index.ts'
import type { ExamineContext, ExaminedDatabase, NamedAs, PublishedRelease } from './upload-files.ts'

interface ReadPatch {
  readonly facts: PatchFacts
  /** Undefined when there is a fault. */
  readonly script: Script | undefined
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
): Promise<readonly PatchFacts[]> {
  const read: ReadPatch[] = []
  for (const file of files) read.push(await readPatch(file, context))
  const facts: PatchFacts[] = []
  for (const name of new Set(files.map(({ is }) => is.name))) {
    const patches = read.filter((patch) => patch.facts.name === name)
    const target = databases.find((one) => one.facts.name === name)
    const leads = await tryChain(name, patches, target, published, context)
    facts.push(...patches.map((patch) => ({ ...patch.facts, leads })))
  }
  return facts
}

async function readPatch(
  { file, path, bytes, is }: NamedAs<'patch'>,
  { publishers, signal }: ExamineContext,
): Promise<ReadPatch> {
  const sha256 = await hashOf(path, signal)
  const read = await readPatchFile(path, { publishers: trustedPublishers(publishers), signal })
  return {
    facts: {
      file,
      bytes,
      sha256,
      name: is.name,
      version: is.version,
      signedBy: read.ok ? read.value.publisher : undefined,
      faults: read.ok ? [] : [describePatchFileFault(read.fault)],
      leads: { kind: 'not-tried' },
    },
    script: read.ok ? read.value.script : undefined,
  }
}

async function tryChain(
  name: DbName,
  patches: readonly ReadPatch[],
  target: ExaminedDatabase | undefined,
  published: PublishedRelease | undefined,
  context: ExamineContext,
): Promise<PatchFacts['leads']> {
  const from = databaseOf(published?.release, name)
  const to = target?.facts.header?.version
  if (published === undefined || from === undefined || target === undefined || to === undefined) {
    return { kind: 'not-tried' }
  }
  if (target.facts.faults.length > 0 || target.facts.sha256 === from.sha256) {
    return { kind: 'not-tried' }
  }
  const numbered = patches.map(({ facts, script }) => ({ version: facts.version, script }))
  const chain = chainOf(numbered, from.version, to)
  if (!chain.ok) return { kind: 'no', reason: chain.fault }
  const scripts = chain.value.map(({ script }) => script).filter((script) => script !== undefined)
  if (scripts.length < chain.value.length) return { kind: 'not-tried' }
  const folder = join(context.scratch, name)
  await mkdir(context.scratch, { recursive: true, mode: 0o700 })
  try {
    await unpackFile(join(published.folder, from.path), folder, {
      verifiers: verifiersOf(trustedPublishers(context.publishers)),
      signal: context.signal,
    })
    return await applyAndCompare(scripts, folder, target, context.signal)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function applyAndCompare(
  scripts: readonly Script[],
  folder: string,
  target: ExaminedDatabase,
  signal: AbortSignal,
): Promise<PatchFacts['leads']> {
  const members = new DiskFolder(folder)
  for (const script of scripts) {
    const applied = await applyScript(script, members, signal)
    if (!applied.ok) return { kind: 'no', reason: describePatchFault(applied.fault) }
  }
  // COPYING is no signature data: clients keep the one they have.
  const wanted = new Map(target.examination.members.map((member) => [member.name, member.sha256]))
  wanted.delete('COPYING')
  const left = new Set((await readdir(folder)).filter((file) => file !== 'COPYING'))
  for (const [member, sha256] of wanted) {
    if (!left.delete(member)) return { kind: 'no', reason: `it does not make ${member}` }
    if ((await hashOf(join(folder, member), signal)) !== sha256) {
      return { kind: 'no', reason: `${member} comes out with other content` }
    }
  }
  const [extra] = left
  return extra === undefined
    ? { kind: 'yes' }
    : { kind: 'no', reason: `it leaves ${extra}, which the new version does not have` }
}

async function hashOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of readPieces(path, signal)) hash.update(piece)
  return toHex(hash.digest())
}
