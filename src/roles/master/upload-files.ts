import type { EpochMs } from '#base/time.ts'
import type { Changes } from '#core/changes/index.ts'
import type { DatabaseFacts, SetFacts, SetFileName } from '#core/gate/index.ts'
import type { Release } from '#core/release/index.ts'
import type { Examination } from '#formats/cvd/index.ts'
import type { MasterPublisher } from './options.ts'

export interface ExamineContext {
  readonly publishers: readonly MasterPublisher[]
  /** An empty folder of this upload's own, for what is unpacked and made. Its owner removes it. */
  readonly scratch: string
  /** Certificates are valid at this time, or not. */
  readonly now: EpochMs
  readonly signal: AbortSignal
}

/** The published tree that an upload is held against. */
export interface PublishedRelease {
  readonly release: Release
  readonly folder: string
}

/** A regular file of the frozen upload with what its name says. */
export interface NamedFile<Is extends SetFileName = SetFileName> {
  readonly file: string
  readonly path: string
  readonly bytes: number
  readonly is: Is
}

export type NamedAs<K extends SetFileName['kind']> = NamedFile<Extract<SetFileName, { kind: K }>>

export interface ExaminedDatabase {
  readonly path: string
  readonly facts: DatabaseFacts
  readonly examination: Examination
}

export interface ExaminedSet {
  readonly facts: SetFacts
  readonly databases: readonly ExaminedDatabase[]
  /** What a patch that leads to its version changes, by the patch's file name. */
  readonly changes: ReadonlyMap<string, Changes>
}

export function ofKind<K extends SetFileName['kind']>(
  files: readonly NamedFile[],
  kind: K,
): NamedAs<K>[] {
  return files.flatMap((file) => (isKind(file.is, kind) ? [{ ...file, is: file.is }] : []))
}

function isKind<K extends SetFileName['kind']>(
  is: SetFileName,
  kind: K,
): is is Extract<SetFileName, { kind: K }> {
  return is.kind === kind
}
