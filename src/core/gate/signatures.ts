import type { DbName, DbVersion } from '#base/names.ts'
import { databaseOf } from '../release/release.ts'
import { signedFileOf } from '../release/signatures.ts'
import { type Bench, type Finding, mayRelease } from './bench.ts'
import type { SetFacts, SignatureFacts } from './facts.ts'
import type { GateReason } from './reasons.ts'

/**
 * Detached signatures come with what they sign, or later for what is published. One that an engine would not take for
 * good does not pass: a wrong one locks out every client from 1.5 on, and one that cannot be tried helps nobody.
 */
export function judgeSignatures(facts: SetFacts, bench: Bench): Finding {
  const reasons: GateReason[] = []
  const files: Finding['files'][number][] = []
  for (const signature of facts.signatures) {
    const { file, bytes, sha256, of } = signature
    const signed = signedFile(of, facts, bench)
    const found =
      signed === undefined
        ? [{ kind: 'sign-of-nothing', file, of } as const]
        : whyNot(signature, signed, bench)
    reasons.push(...found)
    if (found.length > 0 || signed === undefined) continue
    if (bench.published?.files.get(file)?.sha256 === sha256) continue
    const { name, version } = signed
    files.push({ kind: 'signature', path: file, bytes, sha256, name, version, datedAt: bench.now })
  }
  return { reasons, files }
}

interface Signed {
  readonly name: DbName
  readonly version: DbVersion
}

/** What `of` will be once the set is published. */
function signedFile(of: string, facts: SetFacts, { published }: Bench): Signed | undefined {
  const patch = facts.patches.find(({ file }) => file === of)
  if (patch !== undefined) return patch
  for (const { name, header, sha256 } of facts.databases) {
    if (header !== undefined && of === signedName(name, header.version)) {
      return { name, version: header.version }
    }
    const isReplaced = databaseOf(published, name)?.sha256 !== sha256
    if (isReplaced && of.startsWith(`${name}-`) && of.endsWith('.cvd')) return undefined
  }
  return published && signedFileOf(published, of)
}

/** The version of a database stands in its signature's name, though not in its own (formats.md 9, trap 8). */
export function signedName(name: DbName, version: DbVersion): string {
  return `${name}-${version}.cvd`
}

function whyNot({ file, verdict }: SignatureFacts, { name }: Signed, bench: Bench): GateReason[] {
  const reasons: GateReason[] = []
  if (!mayRelease(bench.releaser, name)) reasons.push({ kind: 'not-yours', file, database: name })
  switch (verdict.kind) {
    case 'good':
      return reasons
    case 'bad':
      return [...reasons, { kind: 'sign-bad', file, reason: verdict.reason }]
    case 'no-authority':
      return [...reasons, { kind: 'sign-not-verifiable', file }]
    case 'not-tried':
      return [...reasons, { kind: 'sign-bad', file, reason: 'what it signs is not good itself' }]
    default:
      return verdict satisfies never
  }
}
