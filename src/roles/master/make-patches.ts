import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { describeMakePatchFault, makePatchInWorker } from '#adapters/patch-maker/index.ts'
import type { Changes } from '#core/changes/index.ts'
import type { PatchDue, PatchFacts } from '#core/gate/index.ts'
import { examinePatches } from './examine-patches.ts'
import { keysOf, publisherNamed } from './publishers.ts'
import type { ExamineContext, ExaminedSet, PublishedRelease } from './upload-files.ts'

/** A set to which this master has added the patches that it could make. */
export interface PatchedSet {
  readonly set: ExaminedSet
  /** Of each patch that was made: where it lies, by file name. */
  readonly made: ReadonlyMap<string, string>
  /** What the sigmaker should know. */
  readonly notes: readonly string[]
}

/**
 * Makes the patches that are due, in a thread, and then treats each like one that was uploaded: its signature is
 * checked, it is applied to the published version, and the outcome compared. One that fails there would be a fault of
 * ours; it is left out and told, since clients do without a patch, and not with a wrong one.
 */
export async function makePatches(
  due: readonly PatchDue[],
  set: ExaminedSet,
  published: PublishedRelease,
  context: ExamineContext,
): Promise<PatchedSet> {
  const made = new Map<string, string>()
  const facts: PatchFacts[] = []
  const changes = new Map<string, Changes>()
  const notes: string[] = []
  for (const patch of due) {
    const outcome = await makeOne(patch, set, published, context)
    if (typeof outcome === 'string') {
      notes.push(`${patch.file}: not made; ${outcome}. Clients will fetch ${patch.name}.cvd whole`)
      continue
    }
    made.set(patch.file, outcome.path)
    facts.push(outcome.facts)
    if (outcome.changes !== undefined) changes.set(patch.file, outcome.changes)
    notes.push(`${patch.file}: made here, ${outcome.facts.bytes} bytes`)
  }
  return {
    set: {
      ...set,
      facts: { ...set.facts, patches: [...set.facts.patches, ...facts] },
      changes: new Map([...set.changes, ...changes]),
    },
    made,
    notes,
  }
}

interface MadePatch {
  readonly path: string
  readonly facts: PatchFacts
  readonly changes: Changes | undefined
}

/** The patch, or in words why there is none. */
async function makeOne(
  { file, name, version, publisher, can }: PatchDue,
  set: ExaminedSet,
  published: PublishedRelease,
  context: ExamineContext,
): Promise<MadePatch | string> {
  if (can.kind === 'too-far') {
    return `published is version ${can.from}, and a patch leads one version further`
  }
  const secrets = publisherNamed(context.publishers, publisher)?.secrets
  const fresh = set.databases.find((one) => one.facts.name === name)
  if (secrets === undefined || fresh === undefined) {
    throw new Error(`Cannot make "${file}" without its secrets and its database`)
  }
  const path = join(context.scratch, file)
  const made = await makePatchInWorker({
    old: join(published.folder, `${name}.cvd`),
    fresh: fresh.path,
    into: path,
    // No database has a dash in its name, so nothing else is unpacked there.
    scratch: join(context.scratch, `diff-${name}`),
    publishers: keysOf(context.publishers),
    secrets,
    signal: context.signal,
  })
  if (!made.ok) return describeMakePatchFault(made.fault)
  const { size: bytes } = await lstat(path)
  const patch = { file, path, bytes, is: { kind: 'patch', name, version } as const }
  const examined = await examinePatches([patch], set.databases, published, context)
  const [facts] = examined.facts
  if (facts?.faults.length !== 0) return `it came out damaged: ${facts?.faults.join('; ')}`
  if (facts.leads.kind !== 'yes') {
    const why = facts.leads.kind === 'no' ? facts.leads.reason : 'it could not be tried'
    return `it does not lead from the published version to the new one: ${why}`
  }
  return { path, facts, changes: examined.changes.get(file) }
}
