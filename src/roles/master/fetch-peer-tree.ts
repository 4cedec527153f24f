import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { examineFile } from '#adapters/databases/index.ts'
import { listFiles, makeFolders, sha256File } from '#adapters/disk/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { MasterRecord } from '#core/mirrors/index.ts'
import type { Release } from '#core/release/index.ts'
import type { Manifest } from '#core/release/manifest.ts'
import {
  compareHashes,
  compareNames,
  describeSyncReason,
  isDatabase,
  mayBeMixed,
  type SyncReason,
} from '#core/sync/index.ts'
import { type DatabaseVerifier, describeCvdFault } from '#formats/cvd/index.ts'
import type { ManifestVerifier } from '#ports/manifest-signer.ts'
import type { Transfer } from '#ports/transfer.ts'

export interface FetchWorld {
  readonly transfer: Transfer
  readonly manifests: ManifestVerifier
  readonly verifiers: readonly DatabaseVerifier[]
  /** Staging, on the file system of the releases. */
  readonly incoming: string
  /** Login for the peers' rsync modules. */
  readonly login: { readonly user: string; readonly password: string }
  readonly signal: AbortSignal
}

/** The tree that is public here: files that it has with the same hash are not looked at again. */
export interface OwnTree {
  readonly folder: string
  readonly release: Release
}

/** What the store says is the newest state. */
export interface WantedTree {
  readonly release: Release
  readonly generation: number
}

/** The store and the peer's tree disagree: the peer has published again meanwhile, or not yet. */
export interface OtherTreeFault {
  readonly kind: 'other-tree'
  readonly serial: number
  readonly generation: number
}

export type FetchFault =
  | OtherTreeFault
  | { readonly kind: 'not-verified'; readonly reasons: readonly string[] }

const PULLS_MAX = 2

/**
 * Pulls what a peer has made public into the staging folder and looks at all of it (R106): the network's own signatures,
 * every name, length and hash against both the manifest and the store's record, and every database that is new here
 * with its publisher's signatures. Nothing is believed because a master said it. Throws `TransferError`.
 */
export async function fetchPeerTree(
  peer: MasterRecord,
  wanted: WantedTree,
  own: OwnTree | undefined,
  world: FetchWorld,
): Promise<Outcome<string, FetchFault>> {
  let verdict: Outcome<string, FetchFault> = fail({ kind: 'not-verified', reasons: [] })
  for (let pull = 0; pull < PULLS_MAX; pull += 1) {
    await pullFrom(peer, own, world, pull > 0)
    const looked = await lookAt(wanted, own, world)
    if (looked.ok) return ok(world.incoming)
    verdict = looked
    // A peer that switched its tree while it was read leaves files of two generations.
    if (looked.fault.kind === 'other-tree' || !looked.fault.mixed) break
  }
  await rm(world.incoming, { recursive: true, force: true })
  return verdict
}

async function pullFrom(
  { host, rsyncPort: port, module }: MasterRecord,
  own: OwnTree | undefined,
  { transfer, incoming, login, signal }: FetchWorld,
  byContent: boolean,
): Promise<void> {
  await makeFolders(incoming)
  await transfer.pull({ host, port, module, ...login }, incoming, {
    ...(own === undefined ? {} : { linkAgainst: own.folder }),
    exclude: [],
    byContent,
    onLine: () => {},
    signal,
  })
}

type Looked = Outcome<
  void,
  | OtherTreeFault
  | { readonly kind: 'not-verified'; readonly reasons: readonly string[]; readonly mixed: boolean }
>

async function lookAt(
  wanted: WantedTree,
  own: OwnTree | undefined,
  world: FetchWorld,
): Promise<Looked> {
  const { incoming, manifests, signal } = world
  const listing = await listFiles(incoming, signal)
  const verified = await manifests.verify(incoming, signal)
  if (!verified.ok) return refuse([verified.fault])
  const { manifest } = verified.value
  const { serial, generation } = manifest
  if (serial !== wanted.release.serial || generation !== wanted.generation) {
    return fail({ kind: 'other-tree', serial, generation })
  }
  const sizes = new Map([...listing.files].map(([path, { bytes }]) => [path, bytes]))
  const names: SyncReason[] = [
    ...listing.others.map((path): SyncReason => ({ kind: 'extra', path })),
    ...compareNames(manifest, sizes, () => false),
    ...compareWithStore(manifest, wanted.release),
  ]
  if (names.length > 0) return refuse(names)
  const hashes = new Map<string, string>()
  const found: SyncReason[] = []
  for (const path of listing.files.keys()) {
    const sha256 = await sha256File(join(incoming, path), signal)
    hashes.set(path, sha256)
    if (isDatabase(path) && own?.release.files.get(path)?.sha256 !== sha256) {
      found.push(...(await examine(path, world)))
    }
  }
  const faults = [...compareHashes(manifest, hashes), ...found]
  if (faults.length > 0) return refuse(faults)
  await verified.value.accept()
  return ok(undefined)
}

function refuse(reasons: readonly SyncReason[]): Looked {
  const words = reasons.map(describeSyncReason)
  return fail({ kind: 'not-verified', reasons: words, mixed: mayBeMixed(reasons) })
}

/** The network's manifest and the store's record of the release say the same of every file of the release. */
function compareWithStore(manifest: Manifest, release: Release): readonly SyncReason[] {
  return [...release.files.values()].flatMap(({ path, sha256 }): readonly SyncReason[] => {
    const listed = manifest.files.get(path)
    if (listed === undefined) return [{ kind: 'missing', path }]
    return listed.sha256 === sha256 ? [] : [{ kind: 'wrong-hash', path, expected: sha256 }]
  })
}

async function examine(
  path: string,
  { incoming, verifiers, signal }: FetchWorld,
): Promise<readonly SyncReason[]> {
  const { name, faults } = await examineFile(join(incoming, path), { verifiers, signal })
  const stem = basename(path).replace(/\.[^.]*$/, '')
  const words = faults.map(describeCvdFault)
  if (name !== undefined && name !== stem) words.push(`its content is the database "${name}"`)
  return words.map((fault) => ({ kind: 'bad-database', path, fault }))
}
