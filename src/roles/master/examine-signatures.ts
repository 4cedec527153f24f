import { join } from 'node:path'
import {
  describeTrustFolderFault,
  readTrustFolder,
  verifySignFile,
} from '#adapters/clamsign/index.ts'
import { examineFileOuter } from '#adapters/databases/index.ts'
import { sha256File } from '#adapters/disk/index.ts'
import { readPatchFile } from '#adapters/patches/index.ts'
import { verifiersOf } from '#core/databases/index.ts'
import { type PatchFacts, type SignatureFacts, signedName } from '#core/gate/index.ts'
import { signedFileOf } from '#core/release/index.ts'
import { describeClamsignVerdict } from '#formats/clamsign/index.ts'
import { keysOf, publisherNamed } from './publishers.ts'
import {
  type ExamineContext,
  type ExaminedDatabase,
  type NamedFile,
  ofKind,
  type PublishedRelease,
} from './upload-files.ts'

/** What a signature is for, and who signed that inside. */
interface Target {
  readonly path: string
  /** Lower-case hexadecimal. */
  readonly sha256: string
  readonly publisher: string | undefined
}

/**
 * Checks detached signatures as engines will (formats.md 3.3), with the certificates of the publisher who signed the
 * file itself. What they are for is in the upload, or published.
 */
export async function examineSignatures(
  named: readonly NamedFile[],
  databases: readonly ExaminedDatabase[],
  patches: readonly PatchFacts[],
  published: PublishedRelease | undefined,
  context: ExamineContext,
): Promise<readonly SignatureFacts[]> {
  const facts: SignatureFacts[] = []
  for (const { file, path, bytes, is } of ofKind(named, 'detached-signature')) {
    const target =
      uploadedTarget(is.of, named, databases, patches) ??
      (await publishedTarget(is.of, published, context))
    const sha256 = await sha256File(path, context.signal)
    facts.push({ file, bytes, sha256, of: is.of, verdict: await verdictOn(path, target, context) })
  }
  return facts
}

function uploadedTarget(
  of: string,
  named: readonly NamedFile[],
  databases: readonly ExaminedDatabase[],
  patches: readonly PatchFacts[],
): Target | undefined {
  const database = databases.find(
    ({ facts: { name, header } }) =>
      header !== undefined && of === signedName(name, header.version),
  )
  if (database !== undefined) {
    const { path, facts } = database
    return { path, sha256: facts.sha256, publisher: facts.signedBy }
  }
  const patch = patches.find(({ file }) => file === of)
  const path = named.find(({ file }) => file === of)?.path
  if (patch === undefined || path === undefined) return undefined
  return { path, sha256: patch.sha256, publisher: patch.signedBy }
}

async function publishedTarget(
  of: string,
  published: PublishedRelease | undefined,
  { publishers, signal }: ExamineContext,
): Promise<Target | undefined> {
  const file = published && signedFileOf(published.release, of)
  if (published === undefined || file === undefined) return undefined
  const path = join(published.folder, file.path)
  const keys = keysOf(publishers)
  if (file.kind === 'database') {
    const { signedBy } = await examineFileOuter(path, { verifiers: verifiersOf(keys), signal })
    return { path, sha256: file.sha256, publisher: signedBy }
  }
  const patch = await readPatchFile(path, { publishers: keys, signal })
  return { path, sha256: file.sha256, publisher: patch.ok ? patch.value.publisher : undefined }
}

async function verdictOn(
  signPath: string,
  target: Target | undefined,
  { publishers, now, signal }: ExamineContext,
): Promise<SignatureFacts['verdict']> {
  if (target?.publisher === undefined) return { kind: 'not-tried' }
  const certs = publisherNamed(publishers, target.publisher)?.certs
  if (certs === undefined) return { kind: 'no-authority' }
  const trust = await readTrustFolder(certs, signal)
  if (!trust.ok) {
    const reason = describeTrustFolderFault(trust.fault)
    return {
      kind: 'bad',
      reason: `the certificates in "${certs}" cannot be used: ${reason}`,
    }
  }
  const verdict = await verifySignFile(target.path, signPath, {
    trust: trust.value,
    now,
    level: 'all',
    sha256: Buffer.from(target.sha256, 'hex'),
    signal,
  })
  switch (verdict.kind) {
    case 'good':
      return { kind: 'good', signer: verdict.signer }
    case 'bad':
    case 'cannot-try':
      return { kind: 'bad', reason: describeClamsignVerdict(verdict) }
    case 'absent':
      return { kind: 'not-tried' }
    default:
      return verdict satisfies never
  }
}
