/** What has to be done to a document root so that it shows a verified tree, and in which order. */
import type { Hidden } from './exclude.ts'
import { byStage } from './stages.ts'

export interface PublishInput {
  /** The verified tree: path → what identifies its content and date (a hash, say). */
  readonly wanted: ReadonlyMap<string, string>
  /** The document root as it is: path → the same of each file; undefined for a file that we did not put there. */
  readonly present: ReadonlyMap<string, string | undefined>
  readonly hidden: Hidden
  /** 0…1: of the files that are there, the largest part that one sync may delete. */
  readonly deleteShareMax: number
}

export interface PublishPlan {
  /** Paths to put in place, in this order. */
  readonly puts: readonly string[]
  /** Done after every put. */
  readonly deletions: Deletions
}

export type Deletions =
  | { readonly kind: 'delete'; readonly paths: readonly string[] }
  | { readonly kind: 'held'; readonly paths: readonly string[]; readonly why: HeldReason }

export type HeldReason =
  | { readonly kind: 'nothing-wanted' }
  | {
      readonly kind: 'too-many'
      readonly deletions: number
      readonly present: number
      readonly most: number
    }

/**
 * Half of a tree at once is a wrong folder or a broken master, not a release (field-notes 1.8). The settings may
 * say otherwise.
 */
export const DELETE_SHARE_MAX = 0.5
/** A small tree may lose all of its old patches at once, which is far more than half of it. */
export const DELETIONS_ALWAYS_ALLOWED = 16

export function planPublish(input: PublishInput): PublishPlan {
  const { wanted, present, hidden } = input
  const puts = [...wanted.keys()]
    .filter((path) => !hidden(path) && present.get(path) !== wanted.get(path))
    .sort(byStage)
  return { puts, deletions: planDeletions(input) }
}

function planDeletions({ wanted, present, hidden, deleteShareMax }: PublishInput): Deletions {
  const ours = [...present.keys()].filter((path) => !hidden(path))
  const paths = ours.filter((path) => !wanted.has(path)).sort()
  if (paths.length > 0 && wanted.size === 0) {
    return { kind: 'held', paths, why: { kind: 'nothing-wanted' } }
  }
  const most = Math.max(DELETIONS_ALWAYS_ALLOWED, Math.floor(ours.length * deleteShareMax))
  if (paths.length > most) {
    const why = { kind: 'too-many', deletions: paths.length, present: ours.length, most } as const
    return { kind: 'held', paths, why }
  }
  return { kind: 'delete', paths }
}
