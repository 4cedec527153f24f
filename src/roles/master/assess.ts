import type { FrozenFile } from '#adapters/disk/index.ts'
import { judge, patchesDue, type Releaser, type Verdict } from '#core/gate/index.ts'
import { examineSet } from './examine.ts'
import { makePatches, type PatchedSet } from './make-patches.ts'
import type { ExamineContext, PublishedRelease } from './upload-files.ts'
import { describeSet } from './words.ts'

export interface Assessed extends PatchedSet {
  readonly verdict: Verdict
}

/**
 * Reads a frozen upload, adds the patches that this master makes, and has the gate decide. Patches are made only for a
 * set that would pass with them, and then the gate sees the set as it will be published.
 */
export async function assess(
  frozen: readonly FrozenFile[],
  releaser: Releaser,
  published: PublishedRelease | undefined,
  context: ExamineContext,
  print: (line: string) => void,
): Promise<Assessed> {
  const { publishers, now } = context
  const set = await examineSet(frozen, published, context)
  for (const line of describeSet(set.facts)) print(`  ${line}`)
  const holders = publishers.filter(({ secrets }) => secrets !== undefined)
  const holds = new Set(holders.map(({ keys }) => keys.publisher))
  const habits = new Map(publishers.map(({ keys, always }) => [keys.publisher, always]))
  const release = published?.release
  const due = patchesDue(set.facts, release, holds)
  const toMake = due.filter(({ can }) => can.kind === 'make').map(({ file }) => file)
  const first = judge(set.facts, releaser, release, now, { habits, madeHere: new Set(toMake) })
  if (first.kind !== 'accepted' || published === undefined || due.length === 0) {
    return { verdict: first, set, made: new Map(), notes: [] }
  }
  const patched = await makePatches(due, set, published, context)
  for (const note of patched.notes) print(`  ${note}`)
  const madeHere = new Set(patched.made.keys())
  const verdict = judge(patched.set.facts, releaser, release, now, { habits, madeHere })
  return { ...patched, verdict }
}
