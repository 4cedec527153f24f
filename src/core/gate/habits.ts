import { databaseOf } from '../release/release.ts'
import type { Bench, Finding } from './bench.ts'
import type { DatabaseFacts, SetFacts } from './facts.ts'
import type { GateReason } from './reasons.ts'
import { signedName } from './signatures.ts'

/** What a publisher ships with each of his databases, so that a set without it is a mistake. */
export const HABITS = ['patch', 'sign'] as const
export type Habit = (typeof HABITS)[number]

/**
 * A set that lacks what its publisher always ships is refused: without a patch every client downloads the whole, and
 * without a `.sign` those with FIPS limits take nothing at all. Patches that the master makes itself have no `.sign`.
 */
export function judgeHabits(facts: SetFacts, bench: Bench): Finding {
  const reasons: GateReason[] = []
  for (const database of facts.databases) {
    const always = bench.habits.get(database.signedBy ?? '') ?? []
    if (always.includes('patch')) reasons.push(...missingPatches(database, facts, bench))
    if (always.includes('sign')) reasons.push(...missingSignatures(database, facts, bench))
  }
  return { reasons, files: [] }
}

function missingPatches(
  { file, name, header }: DatabaseFacts,
  { patches }: SetFacts,
  { published, madeHere }: Bench,
): GateReason[] {
  const from = databaseOf(published, name)?.version
  const to = header?.version
  if (from === undefined || to === undefined || to <= from) return []
  const isThere = (patch: string) =>
    madeHere.has(patch) || patches.some((uploaded) => uploaded.file === patch)
  if (to === from + 1) {
    const wanted = `${name}-${to}.cdiff`
    return isThere(wanted) ? [] : [{ kind: 'patch-missing', file, wanted }]
  }
  // More than one step: the gate tells of a gap in what was uploaded, so only nothing at all is left to be told.
  const some = patches.some((patch) => patch.name === name)
  return some
    ? []
    : [{ kind: 'patch-missing', file, wanted: `${name}-${from + 1}.cdiff to ${name}-${to}.cdiff` }]
}

function missingSignatures(
  { file, name, header, sha256 }: DatabaseFacts,
  { patches, signatures }: SetFacts,
  { published, madeHere }: Bench,
): GateReason[] {
  if (header === undefined || databaseOf(published, name)?.sha256 === sha256) return []
  const needed = [
    signedName(name, header.version),
    ...patches
      .filter((patch) => patch.name === name && !madeHere.has(patch.file))
      .map((patch) => patch.file),
  ]
  return needed
    .filter((wanted) => !signatures.some(({ of }) => of === wanted))
    .map((wanted) => ({ kind: 'sign-missing', file, wanted: `${wanted}.sign` }))
}
