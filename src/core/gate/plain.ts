import type { DbName } from '#base/names.ts'
import { type Release, type ReleaseFile, setVersionOf } from '../release/release.ts'
import { type Bench, type Finding, mayRelease } from './bench.ts'
import type { FileFacts, PlainSetFacts } from './facts.ts'
import { classify } from './names.ts'
import type { GateReason } from './reasons.ts'

/**
 * Plain signature files and `.cud`, which carry no signature that an engine checks: they come in a set signed by the
 * sigmaker, with a number that grows (decision 1b).
 */
export function judgePlainSet(set: PlainSetFacts, bench: Bench): Finding {
  const { file, name, version } = set
  const reasons: GateReason[] = [
    ...set.faults.map((fault): GateReason => ({ kind: 'damaged', file, fault })),
    ...signatureReasons(set, bench),
    ...contentReasons(set, bench),
  ]
  if (!mayRelease(bench.releaser, name)) reasons.push({ kind: 'not-yours', file, database: name })
  if (bench.published?.files.get(file)?.sha256 === set.sha256) return { reasons, files: [] }
  const old = setVersionOf(bench.published, name)
  if (version !== undefined && old !== undefined && version <= old) {
    reasons.push(
      version === old
        ? { kind: 'same-version-other-bytes', file, version }
        : { kind: 'older-version', file, version, published: old },
    )
  }
  if (reasons.length > 0 || version === undefined || set.signature.kind !== 'good') {
    return { reasons, files: [] }
  }
  const entry = (kind: 'set' | 'plain', facts: FileFacts): ReleaseFile => {
    const there = bench.published?.files.get(facts.file)
    // Content that did not change keeps its date, or every client would fetch it again.
    const datedAt = there?.sha256 === facts.sha256 ? there.datedAt : bench.now
    const { bytes, sha256 } = facts
    return { kind, path: facts.file, bytes, sha256, name, version, datedAt }
  }
  const files = [
    entry('set', set),
    entry('set', set.signature),
    ...set.files.map((one) => entry('plain', one)),
  ]
  return { reasons, files, drop: dropped(bench.published, name, files) }
}

function signatureReasons({ file, signature }: PlainSetFacts, { releaser }: Bench): GateReason[] {
  switch (signature.kind) {
    case 'missing':
      return [{ kind: 'set-unsigned', file }]
    case 'bad':
      return [{ kind: 'set-signature-bad', file, reason: signature.reason }]
    case 'good':
      return releaser.keys.includes(signature.key) ? [] : [{ kind: 'set-signed-by-other', file }]
    default:
      return signature satisfies never
  }
}

function contentReasons(set: PlainSetFacts, bench: Bench): GateReason[] {
  const listed = set.listed.flatMap((one) => listedReasons(set, one, bench))
  const faults = set.files.flatMap(({ file, faults: found }) =>
    found.map((fault): GateReason => ({ kind: 'damaged', file, fault })),
  )
  return [...listed, ...faults]
}

function listedReasons(
  { file, name, files }: PlainSetFacts,
  { file: listed, sha256 }: PlainSetFacts['listed'][number],
  { published, releaser }: Bench,
): GateReason[] {
  const stem = plainStem(listed)
  if (stem === undefined) {
    return [{ kind: 'damaged', file, fault: `lists ${listed}, which is not a plain file` }]
  }
  const reasons: GateReason[] = []
  const there = files.find((one) => one.file === listed)
  if (there === undefined) reasons.push({ kind: 'set-file-missing', file, listed })
  else if (there.sha256 !== sha256) reasons.push({ kind: 'set-file-differs', file, listed })
  const owner = published?.files.get(listed)?.name
  if (owner !== undefined && owner !== name) {
    reasons.push({ kind: 'set-file-of-other', file, listed, owner })
  }
  if (!belongsToSet(stem, name) && !mayRelease(releaser, stem)) {
    reasons.push({ kind: 'not-yours', file: listed, database: stem })
  }
  return reasons
}

function plainStem(file: string): DbName | undefined {
  const is = classify(file)
  if (is.kind === 'plain') return is.stem
  return is.kind === 'database' && is.container === 'cud' ? is.name : undefined
}

/** A set may hold files that are called like it: `acme.ndb`, `acme_phish.hdb`. */
function belongsToSet(stem: DbName, set: DbName): boolean {
  return stem === set || stem.startsWith(`${set}_`)
}

function dropped(
  published: Release | undefined,
  name: string,
  files: readonly ReleaseFile[],
): string[] {
  const kept = new Set(files.map(({ path }) => path))
  return [...(published?.files.values() ?? [])]
    .filter((one) => one.kind === 'plain' && one.name === name && !kept.has(one.path))
    .map(({ path }) => path)
}
