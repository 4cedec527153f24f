import type { DbName } from '#base/names.ts'
import type { EpochSeconds } from '#base/time.ts'
import type { Release, ReleaseFile } from '../release/release.ts'
import type { Habit } from './habits.ts'
import type { GateReason } from './reasons.ts'

/** Who asks, and what he may release. */
export interface Releaser {
  readonly name: string
  /** Public key lines, comment left out: plain sets are signed with one of them. */
  readonly keys: readonly string[]
  readonly databases: '*' | readonly string[]
}

/** What lies before the judge besides the upload itself. */
export interface Bench {
  readonly releaser: Releaser
  readonly published: Release | undefined
  readonly now: EpochSeconds
  /** By the publisher's name. */
  readonly habits: ReadonlyMap<string, readonly Habit[]>
  /** Patches that this master makes for the set, or has made. */
  readonly madeHere: ReadonlySet<string>
}

/** What one rule found about one part of the set. */
export interface Finding {
  readonly reasons: readonly GateReason[]
  /** New or changed files of the release, when there is nothing against them. */
  readonly files: readonly ReleaseFile[]
  /** Published paths that the new state no longer has. */
  readonly drop?: readonly string[]
}

export function mayRelease(releaser: Releaser, name: DbName): boolean {
  return releaser.databases === '*' || releaser.databases.includes(name)
}
