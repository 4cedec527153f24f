import { type EpochMs, toSeconds } from '#base/time.ts'
import type { Release, ReleaseFile } from '../release/release.ts'
import type { Bench, Finding, Releaser } from './bench.ts'
import { judgeDatabase } from './database.ts'
import type { SetFacts } from './facts.ts'
import { judgeHabits } from './habits.ts'
import { judgePatches } from './patches.ts'
import { judgePlainSet } from './plain.ts'
import type { GateReason } from './reasons.ts'
import { judgeSignatures } from './signatures.ts'

export type Verdict =
  | {
      readonly kind: 'accepted'
      readonly files: readonly ReleaseFile[]
      readonly drop: readonly string[]
    }
  /** The very same bytes are published: nothing to do, and nothing wrong. */
  | { readonly kind: 'already-published' }
  | { readonly kind: 'refused'; readonly reasons: readonly GateReason[] }

/**
 * The gate (architecture 3.3): decides on a frozen upload as a whole. It gives every reason it can find at once, so
 * that a sigmaker mends them in one go; a set passes only when there is none (R95–R96).
 */
export function judge(
  facts: SetFacts,
  releaser: Releaser,
  published: Release | undefined,
  now: EpochMs,
  about: Partial<Pick<Bench, 'habits' | 'madeHere'>> = {},
): Verdict {
  const { habits = new Map(), madeHere = new Set() } = about
  const bench: Bench = { releaser, published, now: toSeconds(now), habits, madeHere }
  const findings: Finding[] = [
    { reasons: strangers(facts), files: [] },
    ...facts.databases.map((database) => judgeDatabase(database, bench)),
    judgePatches(facts, bench),
    judgeSignatures(facts, bench),
    judgeHabits(facts, bench),
    ...facts.sets.map((set) => judgePlainSet(set, bench)),
  ]
  const reasons = findings.flatMap((finding) => finding.reasons)
  const files = findings.flatMap((finding) => finding.files)
  if (reasons.length > 0) return { kind: 'refused', reasons }
  if (isEmpty(facts)) return { kind: 'refused', reasons: [{ kind: 'nothing-uploaded' }] }
  if (files.length === 0) return { kind: 'already-published' }
  return { kind: 'accepted', files, drop: findings.flatMap((finding) => finding.drop ?? []) }
}

function strangers(facts: SetFacts): GateReason[] {
  return [
    ...facts.strangers.map(
      ({ file, hint }): GateReason => ({ kind: 'not-a-signature-file', file, hint }),
    ),
    ...facts.unlisted.map((file): GateReason => ({ kind: 'outside-a-set', file })),
  ]
}

function isEmpty(facts: SetFacts): boolean {
  const { databases, patches, signatures, sets } = facts
  return databases.length + patches.length + signatures.length + sets.length === 0
}
