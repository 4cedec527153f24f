import type { DbVersion } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { databaseOf } from '../release/release.ts'
import type { Bench, Finding } from './bench.ts'
import { zerosReasons } from './database.ts'
import type { DatabaseFacts, PatchFacts, SetFacts } from './facts.ts'
import type { GateReason } from './reasons.ts'

/**
 * Patches are accepted with the database they lead to, and only when they really lead there from what is published:
 * a wrong one costs every client a failed update and a whole download (formats.md 4.3).
 */
export function judgePatches(facts: SetFacts, bench: Bench): Finding {
  const reasons: GateReason[] = []
  const files: Finding['files'][number][] = []
  for (const patch of facts.patches) {
    const found = judgePatch(patch, facts.databases, bench)
    reasons.push(...found)
    const { file, bytes, sha256, name, version } = patch
    if (found.length > 0 || bench.published?.files.get(file)?.sha256 === sha256) continue
    files.push({ kind: 'patch', path: file, bytes, sha256, name, version, datedAt: bench.now })
  }
  return { reasons, files }
}

function judgePatch(
  patch: PatchFacts,
  databases: readonly DatabaseFacts[],
  bench: Bench,
): GateReason[] {
  const { file, name } = patch
  const target = databases.find((one) => one.name === name)
  const published = databaseOf(bench.published, name)
  if (target === undefined) return [{ kind: 'patch-without-database', file, database: name }]
  const reasons: GateReason[] = patch.faults.map((fault) => ({ kind: 'damaged', file, fault }))
  const { signedBy } = patch
  if (signedBy !== undefined && target.signedBy !== undefined && signedBy !== target.signedBy) {
    reasons.push({ kind: 'patch-by-other-publisher', file, signedBy })
  }
  if (published?.sha256 === target.sha256) return [...reasons, ...republished(patch, bench)]
  if (published === undefined) return [...reasons, { kind: 'patch-without-base', file }]
  if (target.header !== undefined) {
    reasons.push(...stepReasons(patch, published.version, target.header.version))
  }
  reasons.push(...zerosReasons({ ...patch, zerosLost: patch.zerosLost ? ['patch'] : [] }))
  if (patch.leads.kind === 'no') {
    reasons.push({ kind: 'patch-leads-elsewhere', file, reason: patch.leads.reason })
  }
  // Nobody asked whether it leads there: whatever the cause, it is not proven, so it does not pass.
  if (patch.leads.kind === 'not-tried' && reasons.length === 0 && target.faults.length === 0) {
    reasons.push({ kind: 'patch-leads-elsewhere', file, reason: 'it could not be tried' })
  }
  return reasons
}

/** The database is published already: then only the very same patch may come with it again. */
function republished(patch: PatchFacts, bench: Bench): GateReason[] {
  const there = bench.published?.files.get(patch.file)
  return there?.sha256 === patch.sha256 ? [] : [{ kind: 'patch-without-base', file: patch.file }]
}

function stepReasons({ file, version }: PatchFacts, from: DbVersion, to: DbVersion): GateReason[] {
  if (version > from && version <= to) return []
  return [{ kind: 'patch-out-of-line', file, from, to }]
}

/** The patches of one database in the order to apply them, or in words why they are no unbroken chain. */
export function chainOf<T extends { readonly version: DbVersion }>(
  patches: readonly T[],
  from: DbVersion,
  to: DbVersion,
): Outcome<readonly T[], string> {
  const chain = patches
    .filter(({ version }) => version > from && version <= to)
    .toSorted((a, b) => a.version - b.version)
  for (let version = from + 1; version <= to; version += 1) {
    if (chain[version - from - 1]?.version !== version) {
      return fail(`the patch to version ${version} is not in the set`)
    }
  }
  return ok(chain)
}
