import type { DbVersion } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'
import { CLAMAV_KEYS, type KeyRole } from '#formats/dsig/index.ts'
import { type DatabaseFile, databaseOf } from '../release/release.ts'
import { type Bench, type Finding, mayRelease } from './bench.ts'
import type { DatabaseFacts } from './facts.ts'
import { memberBelongs } from './names.ts'
import type { GateReason } from './reasons.ts'

/** Decision 12. Clocks of build machines are off by seconds, not by more; a later time would hide the next release. */
const BUILT_AHEAD_S_MAX = 5 * 60

/** One `.cvd`: is it whole and signed, is it what its name says, may this sigmaker, and is it newer? */
export function judgeDatabase(database: DatabaseFacts, bench: Bench): Finding {
  const { file, name } = database
  const reasons: GateReason[] = database.faults.map((fault) => ({ kind: 'damaged', file, fault }))
  const stranger = database.members.find((member) => !memberBelongs(name, member))
  if (stranger !== undefined) reasons.push({ kind: 'wrong-content', file, member: stranger })
  if (!mayRelease(bench.releaser, name)) reasons.push({ kind: 'not-yours', file, database: name })
  if (database.header === undefined) return { reasons, files: [] }
  const old = databaseOf(bench.published, name)
  if (old?.sha256 === database.sha256) return { reasons, files: [] }
  const { version, builtAt } = database.header
  reasons.push(...versionReasons(file, version, old), ...timeReasons(database, old, bench.now))
  reasons.push(...zerosReasons(database))
  if (reasons.length > 0) return { reasons, files: [] }
  const { bytes, sha256 } = database
  const { sha256: headerSha256 } = database.header
  const dates = { builtAt, datedAt: builtAt }
  return {
    reasons,
    files: [{ kind: 'database', path: file, bytes, sha256, name, version, headerSha256, ...dates }],
  }
}

function versionReasons(
  file: string,
  version: DbVersion,
  old: DatabaseFile | undefined,
): GateReason[] {
  if (old === undefined || version > old.version) return []
  if (version === old.version) return [{ kind: 'same-version-other-bytes', file, version }]
  return [{ kind: 'older-version', file, version, published: old.version }]
}

function timeReasons(
  { file, header }: DatabaseFacts,
  old: DatabaseFile | undefined,
  now: EpochSeconds,
): GateReason[] {
  if (header === undefined) return []
  const reasons: GateReason[] = []
  const { builtAt, builtAtInWords: inWords } = header
  // The words have no seconds, so the same instant may differ by less than a minute.
  const apart = inWords === undefined ? 0 : Math.abs(builtAt - inWords)
  if (apart >= 60) reasons.push({ kind: 'build-times-differ', file, bySeconds: apart })
  const ahead = builtAt - now
  if (ahead > BUILT_AHEAD_S_MAX) reasons.push({ kind: 'built-in-future', file, bySeconds: ahead })
  if (old !== undefined && builtAt <= old.builtAt) {
    reasons.push({ kind: 'built-no-later', file, builtAt, published: old.builtAt })
  }
  return reasons
}

/** What ClamAV has signed nobody here can sign again, and its clients get it elsewhere, too: it passes. */
export function zerosReasons(found: {
  readonly file: string
  readonly signedBy: string | undefined
  readonly zerosLost: readonly KeyRole[]
}): GateReason[] {
  const { file, signedBy, zerosLost } = found
  if (signedBy === CLAMAV_KEYS.publisher) return []
  return zerosLost.map((of) => ({ kind: 'zeros-lost', file, of }))
}
