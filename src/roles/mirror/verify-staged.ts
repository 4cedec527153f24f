/**
 * May the staged tree become public? Everything that a master sent is looked at before anything of it is shown
 * (promise 1): the signed manifest, every name, every length, every hash, every new database with its signatures, and
 * that no version goes down.
 */
import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { examineFile } from '#adapters/databases/index.ts'
import { type Listing, listFiles, sha256File } from '#adapters/disk/index.ts'
import { parseDbName } from '#base/names.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { EpochSeconds } from '#base/time.ts'
import type { Manifest } from '#core/release/manifest.ts'
import {
  compareHashes,
  compareNames,
  compareVersions,
  type Hidden,
  isDatabase,
  type KnownDatabase,
  manifestDigest,
  type SyncReason,
} from '#core/sync/index.ts'
import { type DatabaseVerifier, describeCvdFault } from '#formats/cvd/index.ts'
import type { ManifestVerifier } from '#ports/manifest-signer.ts'
import { isSameFile, type RecordedFile, type TreeRecord } from './tree-record.ts'

export interface VerifyContext {
  readonly manifests: ManifestVerifier
  readonly verifiers: readonly DatabaseVerifier[]
  readonly hidden: Hidden
  /** The served tree, if there is one. */
  readonly current: TreeRecord | undefined
  readonly signal: AbortSignal
}

export interface StagedFile extends Omit<RecordedFile, 'lastModified'> {
  /** It is the very file that was verified for the served tree. */
  readonly known: boolean
  /** Of a database that is new here. */
  readonly builtAt?: EpochSeconds
}

export interface StagedTree {
  readonly manifest: Manifest
  readonly digest: string
  accept(): Promise<void>
  readonly files: ReadonlyMap<string, StagedFile>
  /** New databases. */
  readonly examined: readonly KnownDatabase[]
}

type Reasons = readonly SyncReason[]

export async function verifyStaged(
  folder: string,
  context: VerifyContext,
): Promise<Outcome<StagedTree, Reasons>> {
  const listing = await withoutHidden(folder, context)
  const verified = await context.manifests.verify(folder, context.signal)
  if (!verified.ok) return fail([verified.fault])
  const { manifest } = verified.value
  const sizes = new Map([...listing.files].map(([path, { bytes }]) => [path, bytes]))
  const reasons: SyncReason[] = [
    ...orderReasons(manifest, context.current),
    ...listing.others.map((path): SyncReason => ({ kind: 'extra', path })),
    ...compareNames(manifest, sizes, context.hidden),
  ]
  // Hashing gigabytes for a tree that is wrong already helps nobody.
  if (reasons.length > 0) return fail(reasons)
  const looked = await lookAt(folder, listing, context)
  const hashes = new Map([...looked.files].map(([path, { sha256 }]) => [path, sha256]))
  const found: SyncReason[] = [
    ...compareHashes(manifest, hashes),
    ...looked.reasons,
    ...compareVersions(context.current?.known ?? new Map(), looked.examined),
  ]
  if (found.length > 0) return fail(found)
  const accept = () => verified.value.accept()
  const digest = manifestDigest(manifest)
  return ok({ manifest, digest, accept, files: looked.files, examined: looked.examined })
}

/** What the operator hides may lie here from before he hid it. */
async function withoutHidden(folder: string, context: VerifyContext): Promise<Listing> {
  const listing = await listFiles(folder, context.signal)
  const seen = new Map(listing.files)
  for (const path of listing.files.keys()) {
    if (!context.hidden(path)) continue
    await rm(join(folder, path), { force: true })
    seen.delete(path)
  }
  return { ...listing, files: seen }
}

function orderReasons(manifest: Manifest, current: TreeRecord | undefined): Reasons {
  if (current === undefined) return []
  const { generation, serial } = manifest
  if (generation < current.generation) {
    return [{ kind: 'generation-went-down', from: current.generation, to: generation }]
  }
  if (serial < current.serial) {
    return [{ kind: 'serial-went-down', from: current.serial, to: serial }]
  }
  if (generation === current.generation && manifestDigest(manifest) !== current.digest) {
    return [{ kind: 'same-generation-other-files', generation }]
  }
  return []
}

interface Looked {
  readonly files: ReadonlyMap<string, StagedFile>
  readonly examined: readonly KnownDatabase[]
  readonly reasons: Reasons
}

async function lookAt(folder: string, listing: Listing, context: VerifyContext): Promise<Looked> {
  const files = new Map<string, StagedFile>()
  const examined: KnownDatabase[] = []
  const reasons: SyncReason[] = []
  for (const [path, found] of listing.files) {
    const before = context.current?.files.get(path)
    if (isSameFile(before, found)) {
      files.set(path, { ...found, sha256: before.sha256, known: true })
    } else if (isDatabase(path)) {
      const verdict = await examineOne(folder, path, context)
      files.set(path, { ...found, ...verdict.file, known: false })
      reasons.push(
        ...verdict.faults.map((fault): SyncReason => ({ kind: 'bad-database', path, fault })),
      )
      if (verdict.database !== undefined) examined.push(verdict.database)
    } else {
      const sha256 = await sha256File(join(folder, path), context.signal)
      files.set(path, { ...found, sha256, known: false })
    }
  }
  return { files, examined, reasons }
}

interface Verdict {
  readonly file: Pick<StagedFile, 'sha256' | 'builtAt'>
  readonly faults: readonly string[]
  readonly database?: KnownDatabase
}

/**
 * One pass over the file gives signatures, members and hash. That the name belongs to the content is asked here too,
 * because the name is in no signature (field-notes 2).
 */
async function examineOne(
  folder: string,
  path: string,
  { verifiers, signal }: VerifyContext,
): Promise<Verdict> {
  const { sha256, header, name, faults } = await examineFile(join(folder, path), {
    verifiers,
    signal,
  })
  const stem = basename(path).replace(/\.[^.]*$/, '')
  const words = faults.map(describeCvdFault)
  if (name !== undefined && name !== stem) words.push(`its content is the database "${name}"`)
  const parsed = parseDbName(stem)
  if (!parsed.ok) words.push('this is no name for a database')
  if (header === undefined) return { file: { sha256 }, faults: words }
  const file = { sha256, builtAt: header.builtAt }
  if (!parsed.ok) return { file, faults: words }
  const database = { path, name: parsed.value, version: header.version, sha256 }
  return { file, faults: words, database }
}
