import { type Outcome, ok } from '#base/outcome.ts'
import type { MirrorRules } from '#core/mirrors/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { JournalEntry } from '#ports/journal.ts'
import type { Store, WriteFault } from '#ports/store.ts'

export interface RegistrarWorld {
  readonly store: Store
  readonly clock: Clock
  /** Who acts, for the journal: a person of the team. */
  readonly who: string
  readonly rules: MirrorRules
  /** The network, for the letters. */
  readonly zone: string
  /** What was not done besides an act, and does not undo it. */
  readonly onWarning: (line: string) => void
}

/** Guess: so many others cannot write the same record within one act. */
const TRIES_MAX = 10

export function entryBy(
  { clock, who }: RegistrarWorld,
  what: string,
  subject: string,
  why: readonly string[],
): JournalEntry {
  return { at: clock.now(), who, what, subject, why }
}

/** Undefined: somebody else wrote in between. */
export function written<T>(
  value: T,
  put: Outcome<unknown, WriteFault>,
): Outcome<T, never> | undefined {
  return put.ok ? ok(value) : undefined
}

/** Decides anew on what is there now, as often as `attempt` finds that somebody else wrote in between. */
export async function untilWritten<T, F>(
  attempt: () => Promise<Outcome<T, F> | undefined>,
): Promise<Outcome<T, F>> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const outcome = await attempt()
    if (outcome !== undefined) return outcome
  }
  throw new Error('Cannot write the registry: others write the same record all the time')
}
