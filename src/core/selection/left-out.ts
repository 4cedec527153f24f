import type { Candidate, Family } from './candidate.ts'

/** Why a mirror is not in an answer. The same value feeds `explain`, the status and the tests. */
export type LeftOutWhy =
  | { readonly kind: 'unlisted'; readonly state: string; readonly reason: string }
  | { readonly kind: 'no-address'; readonly family: Family }
  | { readonly kind: 'down'; readonly reason: string }
  | { readonly kind: 'never-seen' }
  | { readonly kind: 'behind'; readonly bySerials: number }
  | { readonly kind: 'farther' }
  | { readonly kind: 'not-its-turn' }

export interface LeftOut {
  readonly mirror: Candidate
  readonly why: LeftOutWhy
}

export function describeLeftOut(why: LeftOutWhy): string {
  switch (why.kind) {
    case 'unlisted':
      return why.reason === '' ? why.state : `${why.state}: ${why.reason}`
    case 'no-address':
      return `it has no IPv${why.family} address`
    case 'down':
      return `down: ${why.reason}`
    case 'never-seen':
      return 'it was never seen serving a release'
    case 'behind':
      return `${why.bySerials} release(s) behind the announced one`
    case 'farther':
      return 'others are nearer'
    case 'not-its-turn':
      return 'others had their turn'
  }
}
