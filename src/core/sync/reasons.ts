/** Why a mirror does not publish what came, in words for the operator (promise 9). */
import { unreachable } from '#base/outcome.ts'
import type { ListingFault } from './listing.ts'
import type { HeldReason } from './plan-publish.ts'
import type { VersionFault } from './versions.ts'

export type SyncReason =
  | { readonly kind: 'no-manifest'; readonly file: string }
  | { readonly kind: 'manifest-not-trusted'; readonly reason: string }
  | { readonly kind: 'generation-went-down'; readonly from: number; readonly to: number }
  | { readonly kind: 'serial-went-down'; readonly from: number; readonly to: number }
  | { readonly kind: 'same-generation-other-files'; readonly generation: number }
  | { readonly kind: 'bad-bundle'; readonly reason: string }
  | { readonly kind: 'not-carried'; readonly path: string }
  | { readonly kind: 'bad-database'; readonly path: string; readonly fault: string }
  | ListingFault
  | VersionFault

export function describeSyncReason(reason: SyncReason): string {
  switch (reason.kind) {
    case 'no-manifest':
      return `there is no signed manifest (${reason.file} is missing)`
    case 'manifest-not-trusted':
      return `the manifest is not trusted: ${reason.reason}`
    case 'generation-went-down':
      return `generation ${reason.to} is offered, and generation ${reason.from} is published here`
    case 'serial-went-down':
      return `release ${reason.to} is offered, and release ${reason.from} is published here`
    case 'same-generation-other-files':
      return `generation ${reason.generation} is published here with other files`
    case 'bad-bundle':
      return reason.reason
    case 'not-carried':
      return `${reason.path} is neither in the bundle nor here: it has only what is new since another one, so take a whole one`
    case 'bad-database':
      return `${reason.path} is not a database to publish: ${reason.fault}`
    case 'empty-manifest':
      return 'the manifest lists no file'
    case 'reserved-name':
      return `the manifest lists "${reason.path}", a name that is not the network's to publish`
    case 'missing':
      return `${reason.path} is in the manifest and was not sent`
    case 'extra':
      return `${reason.path} was sent and is not in the manifest`
    case 'wrong-size':
      return `${reason.path} has ${reason.bytes} bytes, the manifest says ${reason.expected}`
    case 'wrong-hash':
      return `${reason.path} is not what the manifest says: its SHA-256 differs`
    case 'version-went-down':
      return `${reason.path} would go back from version ${reason.from} to ${reason.to}`
    case 'same-version-other-bytes':
      return `${reason.path} has version ${reason.version}, which is published here with other content`
    default:
      return unreachable(reason)
  }
}

export function describeHeld(why: HeldReason): string {
  switch (why.kind) {
    case 'nothing-wanted':
      return 'nothing was deleted: the new tree is empty'
    case 'too-many':
      return `nothing was deleted: ${why.deletions} of ${why.present} files would go, and at most ${why.most} may at once; remove them by hand if they are not wanted`
    default:
      return unreachable(why)
  }
}

/**
 * Faults that a second pull can cure: the master may have switched its tree while we were reading it, which leaves
 * files of two generations in the staging folder (field-notes 1.3).
 */
export function mayBeMixed(reasons: readonly SyncReason[]): boolean {
  return reasons.some(({ kind }) => MIXED.has(kind))
}

const MIXED: ReadonlySet<SyncReason['kind']> = new Set<SyncReason['kind']>([
  'no-manifest',
  'manifest-not-trusted',
  'missing',
  'extra',
  'wrong-size',
  'wrong-hash',
])
