/** How a mirror that was pushed to before all others took the release. */
export type CanaryEnd =
  | 'serves'
  /** Its sync ran and would not have what came: a release that is wrong, or a mirror that is. */
  | 'refused'
  /** Not reached, or its sync could not be done. */
  | 'failed'
  /** Not done in time. */
  | 'slow'

export type CanaryStep =
  | { readonly kind: 'try-another' }
  | { readonly kind: 'spread' }
  /** Nobody else is pushed to until a person has looked: every canary that answered refused it. */
  | { readonly kind: 'hold' }

/** Beyond it the search for one that works delays everybody. */
export const CANARIES_MAX = 3
/** Below it a canary would be a third of the network. */
export const CANARY_FROM_MIRRORS = 4

/**
 * What follows from the canaries so far (field-notes 1.18). One that serves is enough; one that refuses may be broken
 * itself, so another is asked; two that refuse while none serves stop the release. Mirrors that are merely away say nothing about it.
 */
export function afterCanaries(ends: readonly CanaryEnd[], candidates: number): CanaryStep {
  if (ends.some((end) => end === 'serves' || end === 'slow')) return { kind: 'spread' }
  const refused = ends.filter((end) => end === 'refused').length
  if (refused >= REFUSALS_TO_HOLD) return { kind: 'hold' }
  if (ends.length < Math.min(candidates, CANARIES_MAX)) return { kind: 'try-another' }
  return { kind: 'spread' }
}

const REFUSALS_TO_HOLD = 2

/** In which order mirrors are asked to go first: by the dice, so that it is not always the same one. */
export function canaryOrder(mirrors: readonly string[], draw: () => number): readonly string[] {
  const drawn = mirrors.map((name) => ({ name, rank: draw() }))
  return drawn.toSorted((a, b) => a.rank - b.rank).map(({ name }) => name)
}
