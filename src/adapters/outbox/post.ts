import {
  FEED_ENTRIES_MAX,
  isForEverybody,
  type Letter,
  outboxEntries,
} from '#core/notices/index.ts'
import type { Store } from '#ports/store.ts'

/**
 * Puts a letter into the outbox, and among the news when it is for everybody. Made again after a crash it has the same
 * id, so what still waits is replaced and the news have it once. Throws `StoreError`.
 */
export async function postLetter(
  { jobs, notices }: Pick<Store, 'jobs' | 'notices'>,
  letter: Letter,
): Promise<void> {
  for (const entry of outboxEntries(letter)) await jobs.enqueue(entry)
  if (!isForEverybody(letter)) return
  const written = await notices.news.put(letter.id, letter, undefined)
  if (!written.ok) return
  const all = await notices.news.list()
  const old = all.toSorted((a, b) => b.value.at - a.value.at).slice(FEED_ENTRIES_MAX)
  for (const { name, revision } of old) await notices.news.remove(name, revision)
}
