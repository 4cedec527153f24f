import { epochMs } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import type { JournalStore } from '#ports/store.ts'

/** What is written of every mirror at every push, and nothing else that is written so often. */
export const PUSH_ENTRIES = ['pushed', 'push-failed', 'push-postponed']
/** Guess: nobody asks how a push went a season ago. The history of releases and mirrors is kept for good. */
const KEPT_MS = 90 * 24 * 3_600_000
/** A write that holds up nobody. */
const AT_ONCE = 5000
/** Bounds one run; the next one goes on. */
const TURNS_MAX = 1000

/** A thousand mirrors and four releases a day make a million and a half of such entries a year. */
export async function pruneJournal(journal: JournalStore, clock: Clock): Promise<void> {
  const query = { before: epochMs(clock.now() - KEPT_MS), whats: PUSH_ENTRIES, limit: AT_ONCE }
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    if ((await journal.prune(query)) < AT_ONCE) return
  }
}
