import { rm } from 'node:fs/promises'
import { examineFile } from '#adapters/databases/index.ts'
import type { FrozenFile } from '#adapters/disk/index.ts'
import { trustedPublishers, verifiersOf } from '#core/databases/index.ts'
import { classify, type DatabaseFacts, type SetFacts, type SetFileName } from '#core/gate/index.ts'
import type { Release } from '#core/release/index.ts'
import { describeCvdFault, type Examination, parseBuildTime } from '#formats/cvd/index.ts'
import type { PublisherKeys } from '#formats/dsig/index.ts'
import { examinePatches } from './examine-patches.ts'
import { examineSets } from './examine-sets.ts'

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

/** Reads every file of a frozen upload and says what was found. Bad data are facts; only a broken world throws. */
export async function examineSet(
  frozen: readonly FrozenFile[],
  published: PublishedRelease | undefined,
  context: ExamineContext,
): Promise<SetFacts> {
  const strangers: { file: string; hint: string }[] = []
  const named: NamedFile[] = []
  for (const { file, path, bytes } of frozen) {
    const is = classify(file)
    if (path === undefined) strangers.push({ file, hint: 'only regular files are taken' })
    else if (is.kind === 'unknown') strangers.push({ file, hint: is.hint })
    else named.push({ file, path, bytes, is })
  }
  try {
    const databases: ExaminedDatabase[] = []
    for (const file of ofKind(named, 'database')) {
      if (file.is.container === 'cvd') databases.push(await examineOne(file, context))
    }
    return {
      databases: databases.map(({ facts }) => facts),
      patches: await examinePatches(ofKind(named, 'patch'), databases, published, context),
      ...(await examineSets(named, context)),
      strangers,
      detachedSignatures: ofKind(named, 'detached-signature').map(({ file }) => file),
    }
  } finally {
    await rm(context.scratch, { recursive: true, force: true })
  }
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

async function examineOne(
  { file, path, is }: NamedAs<'database'>,
  { publishers, signal }: ExamineContext,
): Promise<ExaminedDatabase> {
  const examination = await examineFile(path, {
    kind: is.container,
    verifiers: verifiersOf(trustedPublishers(publishers)),
    signal,
  })
  const { header, bytes, sha256, signedBy, members, faults } = examination
  const words = header === undefined ? undefined : parseBuildTime(header.buildTime)
  return {
    examination,
    facts: {
      file,
      bytes,
      sha256,
      name: is.name,
      header:
        header === undefined
          ? undefined
          : {
              version: header.version,
              builtAt: header.builtAt,
              builtAtInWords: words,
              md5: header.md5,
            },
      members: members.map(({ name }) => name),
      signedBy,
      faults: faults.map(describeCvdFault),
    },
  }
}
