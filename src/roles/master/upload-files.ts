import type { DatabaseFacts, SetFileName } from '#core/gate/index.ts'
import type { Release } from '#core/release/index.ts'
import type { Examination } from '#formats/cvd/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'

export interface ExamineContext {
  /** Publishers besides ClamAV. */
  readonly publishers: readonly PublisherKeys[]
  /** A folder of ours for unpacked databases; made and removed here. */
  readonly scratch: string
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
  readonly facts: DatabaseFacts
  readonly examination: Examination
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
