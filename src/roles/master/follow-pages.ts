import type { EpochMs } from '#base/time.ts'
import { POINTER_POLICY, type PointerPolicy, pointerPushAt } from '#core/pages/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Store } from '#ports/store.ts'
import type { PageFacts } from './page-facts.ts'
import { tellErrors } from './schedule.ts'

export interface PageFollowers {
  readonly store: Store
  readonly facts: PageFacts
  readonly clock: Clock
  /** New pointers for what is public, and a push of them. */
  readonly renewAndPush: (signal: AbortSignal) => Promise<void>
  readonly policy?: PointerPolicy
  readonly onEvent: (line: string) => void
}

const WAKE = new Error('A release was committed or announced')

/**
 * Looks whether the pages would read differently, and sends them, rarely enough (decision 2), until it is disposed. An
 * announcement does not wait for the ten minutes: its release has just been pushed, and there is one a release at most.
 */
export function followPages(all: PageFollowers): AsyncDisposable {
  const { store, facts, clock, onEvent, policy = POINTER_POLICY } = all
  const stop = new AbortController()
  let wake = new AbortController()
  let isDirty = true
  let changedAt: EpochMs | undefined
  const look = async (): Promise<void> => {
    if (isDirty) {
      isDirty = false
      await facts.refresh()
    }
    const now = clock.now()
    changedAt = facts.hasNews ? (changedAt ?? now) : undefined
    const due = facts.hasAnnouncement ? now : pointerPushAt(changedAt, facts.madeAt, policy)
    if (due !== undefined && due <= now) await all.renewAndPush(stop.signal)
  }
  const watch = store.watch((part) => {
    if (part !== 'journal' && part !== 'jobs') isDirty = true
    if (part === 'releases') wake.abort(WAKE)
  })
  const looks = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      wake = new AbortController()
      await tellErrors(look, (line) => {
        isDirty = true
        onEvent(line)
      })
      const either = AbortSignal.any([stop.signal, wake.signal])
      await clock.sleep(policy.settleMs, either).catch(() => {})
    }
  }
  const running = looks()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('The master is stopping'))
      watch[Symbol.dispose]()
      await running
    },
  }
}
