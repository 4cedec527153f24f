import { postLetter } from '#adapters/outbox/index.ts'
import { toSeconds } from '#base/time.ts'
import { type Changes, changesInWords } from '#core/changes/index.ts'
import { FEED_ENTRIES_MAX, releasedBetween, releaseLetter } from '#core/notices/index.ts'
import type { Release } from '#core/release/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Store } from '#ports/store.ts'

export interface NewsParts {
  readonly self: string
  readonly zone: string
  readonly store: Pick<Store, 'jobs' | 'notices' | 'releases'>
  readonly clock: Clock
}

/** Names of each kind in a letter. */
const NAMES_MAX = 20

/**
 * R6–R9: subscribers learn of every release, with what came and went where a patch tells it. `changes` is by the patch's file name.
 * Throws `StoreError`.
 */
export async function tellRelease(
  { zone, store, clock }: NewsParts,
  before: Release | undefined,
  release: Release,
  changes: ReadonlyMap<string, Changes>,
): Promise<void> {
  const databases = releasedBetween(before, release).map((database) => {
    const change = changes.get(`${database.name}-${database.version}.cdiff`)
    return { ...database, changes: change === undefined ? [] : changesInWords(change, NAMES_MAX) }
  })
  const letter = releaseLetter(release, databases, zone, clock.now())
  if (letter !== undefined) await postLetter(store, letter)
}

/** A master that died between the commit and the letter writes it at its next start. Throws `StoreError`. */
export async function tellMissedRelease(parts: NewsParts): Promise<void> {
  const { self, store } = parts
  const [head, before] = await store.releases.history(2)
  if (head === undefined || head.master !== self) return
  const databases = releasedBetween(before?.release, head.release)
  const letter = releaseLetter(head.release, databases, parts.zone, parts.clock.now())
  const news = await store.notices.news.list()
  if (letter === undefined || news.some(({ name }) => name === letter.id)) return
  // Of all that was told since, its own letter may be forgotten.
  const { publishedAt } = head.release
  const isFull = news.length >= FEED_ENTRIES_MAX
  if (isFull && news.every(({ value }) => toSeconds(value.at) > publishedAt)) return
  await postLetter(store, letter)
}
