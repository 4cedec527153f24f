import { postLetter } from '#adapters/outbox/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Store } from '#ports/store.ts'
import type { ForcedUpdateParts } from './forced-update.ts'
import { tellErrors } from './schedule.ts'

/** More than a master has to say to the team in a day. */
const REMEMBERED = 100

/**
 * Writes to the team, in the network's name. A letter that was posted is not posted again while this master runs: what
 * stays wrong is found every six hours, and is told once a day.
 */
export function teamWriter(world: {
  readonly self: string
  readonly zone: string
  readonly store: Store
  readonly clock: Clock
  readonly onEvent: (line: string) => void
}): ForcedUpdateParts['tellTeam'] {
  const { self, zone, store, clock, onEvent } = world
  const posted: string[] = []
  return async (write) => {
    const letter = write({ zone, self, at: clock.now() })
    if (posted.includes(letter.id)) return
    await tellErrors(async () => {
      await postLetter(store, letter)
      posted.push(letter.id)
      posted.splice(0, posted.length - REMEMBERED)
    }, onEvent)
  }
}
