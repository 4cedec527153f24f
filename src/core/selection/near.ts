import type { Region } from '#base/region.ts'
import type { Member } from './candidate.ts'
import { distanceKm } from './countries.ts'

/** Whom a name, or a client's address, asks for. */
export type Wanted =
  | { readonly kind: 'world' }
  | { readonly kind: 'region'; readonly region: Region }
  | { readonly kind: 'country'; readonly country: string; readonly region: Region }

/** What the choice came to rest on. */
export type NearBy = 'country' | 'neighbours' | 'region' | 'world'

export interface Near {
  readonly by: NearBy
  readonly members: readonly Member[]
}

/**
 * Country, then with its neighbours on the continent, nearest first and each as a whole, until `mirrorsMin` mirrors are
 * there; then the continent; then the world. The data decide for clients only: operators say where they are.
 */
export function nearest(members: readonly Member[], wanted: Wanted, mirrorsMin: number): Near {
  if (wanted.kind === 'world') return { by: 'world', members }
  const region = members.filter(({ mirror }) => mirror.region === wanted.region)
  if (region.length === 0) return { by: 'world', members }
  if (wanted.kind === 'region') return { by: 'region', members: region }
  const countries = Map.groupBy(region, ({ mirror }) => mirror.country)
  const ranked = [...countries].toSorted(
    ([a], [b]) => distanceKm(wanted.country, a) - distanceKm(wanted.country, b) || compare(a, b),
  )
  const near: Member[] = []
  let taken = 0
  for (const [, those] of ranked) {
    if (mirrorCount(near) >= mirrorsMin) break
    near.push(...those)
    taken += 1
  }
  if (near.every(({ mirror }) => mirror.country === wanted.country)) {
    return { by: 'country', members: near }
  }
  return { by: taken < ranked.length ? 'neighbours' : 'region', members: near }
}

function mirrorCount(members: readonly Member[]): number {
  return new Set(members.map(({ mirror }) => mirror)).size
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
