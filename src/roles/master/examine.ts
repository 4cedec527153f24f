import { createHash } from 'node:crypto'
import { examineFile } from '#adapters/databases/index.ts'
import { type FrozenFile, readStart } from '#adapters/disk/index.ts'
import { lostZerosOf, verifiersOf } from '#core/databases/index.ts'
import { classify } from '#core/gate/index.ts'
import { describeCvdFault, HEADER_BYTES, parseBuildTime } from '#formats/cvd/index.ts'
import { examinePatches } from './examine-patches.ts'
import { examineSets } from './examine-sets.ts'
import { examineSignatures } from './examine-signatures.ts'
import { keysOf } from './publishers.ts'
import {
  type ExamineContext,
  type ExaminedDatabase,
  type ExaminedSet,
  type NamedAs,
  type NamedFile,
  ofKind,
  type PublishedRelease,
} from './upload-files.ts'

/** Reads every file of a frozen upload and says what was found. Bad data are facts; only a broken world throws. */
export async function examineSet(
  frozen: readonly FrozenFile[],
  published: PublishedRelease | undefined,
  context: ExamineContext,
): Promise<ExaminedSet> {
  const strangers: { file: string; hint: string }[] = []
  const named: NamedFile[] = []
  for (const { file, path, bytes } of frozen) {
    const is = classify(file)
    if (path === undefined) strangers.push({ file, hint: 'only regular files are taken' })
    else if (is.kind === 'unknown') strangers.push({ file, hint: is.hint })
    else named.push({ file, path, bytes, is })
  }
  const databases: ExaminedDatabase[] = []
  for (const file of ofKind(named, 'database')) {
    if (file.is.container === 'cvd') databases.push(await examineOne(file, context))
  }
  const patches = await examinePatches(ofKind(named, 'patch'), databases, published, context)
  const facts = {
    databases: databases.map((one) => one.facts),
    patches: patches.facts,
    signatures: await examineSignatures(named, databases, patches.facts, published, context),
    ...(await examineSets(named, context)),
    strangers,
  }
  return { facts, databases, changes: patches.changes }
}

async function examineOne(
  { file, path, is }: NamedAs<'database'>,
  { publishers, signal }: ExamineContext,
): Promise<ExaminedDatabase> {
  const examination = await examineFile(path, {
    kind: is.container,
    verifiers: verifiersOf(keysOf(publishers)),
    signal,
  })
  const { header, bytes, sha256, signedBy, members, faults } = examination
  const words = header === undefined ? undefined : parseBuildTime(header.buildTime)
  return {
    path,
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
              sha256: createHash('sha256')
                .update(await readStart(path, HEADER_BYTES))
                .digest('hex'),
            },
      members: members.map(({ name }) => name),
      signedBy,
      zerosLost: lostZerosOf(examination, keysOf(publishers)),
      faults: faults.map(describeCvdFault),
    },
  }
}
