import type { EpochMs } from '#base/time.ts'
import {
  describeShortfall,
  isPushTime,
  minuteOfDay,
  type PushPolicy,
  type PushWindow,
  retryDelayMs,
  shortfall,
  type Wanted,
} from '#core/push/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Probe, ProbeTarget } from '#ports/probe.ts'
import type { Trigger, TriggerTarget } from '#ports/trigger.ts'
import type { Slots } from './slots.ts'

export interface PushTarget extends TriggerTarget, ProbeTarget {
  /** Undefined: it may be pushed to at any time. */
  readonly window?: PushWindow | undefined
}

export function mayBePushedTo({ window }: PushTarget, at: EpochMs): boolean {
  return isPushTime(window, minuteOfDay(at))
}

export type PushEvent =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'syncing' }
  | { readonly kind: 'said'; readonly line: string }
  | { readonly kind: 'acknowledged'; readonly wanted: Wanted; readonly afterMs: number }
  | {
      readonly kind: 'failed'
      readonly reason: string
      /** It was there and would not have what came. */
      readonly isRefusal: boolean
      readonly retryInMs: number | undefined
    }
  /** Nothing is wrong: its window is closed now. Whoever keeps the lines pushes when it opens. */
  | { readonly kind: 'postponed'; readonly window: PushWindow }

export interface PushWorld {
  readonly trigger: Trigger
  readonly probe: Probe
  readonly clock: Clock
  readonly policy: PushPolicy
  readonly slots: Slots
  readonly draw: () => number
  readonly signal: AbortSignal
}

/** A slot is lent on after this long, so that slow or stuck mirrors do not hold up the others. Guess. */
const SLOT_HOLD_MS = 15_000
/** A mirror that said "done" is looked at this often before it counts as failed: its server may be a moment behind. */
const LOOKS = 8
const LOOK_EVERY_MS = 250

interface Goal {
  readonly wanted: Wanted
  readonly sinceMs: number
  /** Whether it may be there already, because another master pushes too. */
  readonly lookFirst: boolean
}

interface Failure {
  readonly reason: string
  readonly isRefusal: boolean
}

/** Exit status of a sync that believes nothing of what the master sent (contract: 1 refused). */
const REFUSED = 1

/**
 * One mirror's line: wants are remembered, the newest counts, and it tries until the mirror is *seen* serving it or
 * the tries run out (architecture 3.8: done is what a probe sees, not what the mirror says).
 */
export class PushLine {
  readonly target: PushTarget
  readonly #world: PushWorld
  readonly #listeners: Set<(event: PushEvent) => void>
  #wanted: Goal | undefined
  #acknowledged = -1
  #attempt = 0
  #wake = new AbortController()
  #running: Promise<void> | undefined

  /** `record` hears every event of the line's life; listeners come and go with those who wait. */
  constructor(target: PushTarget, world: PushWorld, record: (event: PushEvent) => void) {
    this.target = target
    this.#world = world
    this.#listeners = new Set([record])
  }

  /** Starts or redirects the line. Returns the end of listening. */
  want(wanted: Wanted, listener: (event: PushEvent) => void, lookFirst = false): () => void {
    if (this.#acknowledged >= wanted.generation) {
      listener({ kind: 'acknowledged', wanted, afterMs: 0 })
      return () => {}
    }
    this.#listeners.add(listener)
    const newer = this.#wanted === undefined || wanted.generation >= this.#wanted.wanted.generation
    if (newer) {
      this.#wanted = { wanted, sinceMs: this.#world.clock.now(), lookFirst }
      this.#attempt = 0
      this.#wake.abort(new Error('A newer release is wanted'))
      this.#wake = new AbortController()
    }
    this.#running ??= this.#run()
    return () => this.#listeners.delete(listener)
  }

  /** Resolves when the line has come to rest. */
  async rest(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    // Waits for the next turn, so that `#running` is set before anything can end it.
    await null
    while (!this.#world.signal.aborted) {
      const goal = this.#wanted
      if (goal === undefined || this.#acknowledged >= goal.wanted.generation) break
      if (this.#isPostponed()) continue
      const failure = await this.#try(goal)
      if (failure === undefined) {
        this.#acknowledged = goal.wanted.generation
        const afterMs = this.#world.clock.now() - goal.sinceMs
        this.#tell({ kind: 'acknowledged', wanted: goal.wanted, afterMs })
      } else if (goal === this.#wanted) {
        await this.#waitForRetry(failure)
      }
    }
    // In the same turn as the last look at `#wanted`: a want that comes later starts a new run.
    this.#running = undefined
  }

  /** Outside of its window nothing is wanted of it, not even another try of what failed inside. */
  #isPostponed(): boolean {
    const { window } = this.target
    if (window === undefined || mayBePushedTo(this.target, this.#world.clock.now())) return false
    this.#wanted = undefined
    this.#tell({ kind: 'postponed', window })
    return true
  }

  /** When the tries are used up nothing is wanted any more, until the next push. */
  async #waitForRetry(failure: Failure): Promise<void> {
    const { policy, draw, clock, signal } = this.#world
    this.#attempt += 1
    if (this.#attempt > policy.retries) {
      this.#wanted = undefined
      this.#tell({ kind: 'failed', ...failure, retryInMs: undefined })
      return
    }
    const retryInMs = retryDelayMs(this.#attempt, policy, draw)
    this.#tell({ kind: 'failed', ...failure, retryInMs })
    await clock.sleep(retryInMs, AbortSignal.any([signal, this.#wake.signal])).catch(() => {})
  }

  /** One try. Undefined when the mirror was seen serving what is wanted. */
  async #try({ wanted, lookFirst }: Goal): Promise<Failure | undefined> {
    try {
      if (lookFirst && this.#attempt === 0 && (await this.#seesIt(wanted))) return undefined
      this.#tell({ kind: 'connecting' })
      const end = await this.#sync()
      if (end.status !== 0) {
        const last = end.lines.findLast((line) => line.trim() !== '')
        const reason = `its sync ended with ${end.status ?? 'no'} status${last === undefined ? '' : `: ${last.trim()}`}`
        return { reason, isRefusal: end.status === REFUSED }
      }
      const reason = await this.#look(wanted)
      return reason === undefined ? undefined : { reason, isRefusal: false }
    } catch (error) {
      return { reason: this.#words(error), isRefusal: false }
    }
  }

  #words(error: unknown): string {
    const { signal } = this.#world
    if (signal.aborted && signal.reason instanceof Error) return signal.reason.message
    return error instanceof Error ? error.message : String(error)
  }

  async #seesIt(wanted: Wanted): Promise<boolean> {
    const { probe, signal } = this.#world
    try {
      const seen = await probe.look(this.target, [...wanted.databases.keys()], signal)
      return shortfall(seen, wanted) === undefined
    } catch {
      signal.throwIfAborted()
      return false
    }
  }

  async #sync() {
    const { trigger, policy, slots, signal } = this.#world
    const timeout = AbortSignal.timeout(policy.connectTimeoutMs + policy.syncTimeoutMs)
    let giveBack = () => {}
    let lend: NodeJS.Timeout | undefined
    try {
      return await trigger.pull(this.target, {
        onAdmitted: async () => {
          giveBack = await slots.take()
          lend = setTimeout(giveBack, SLOT_HOLD_MS)
          this.#tell({ kind: 'syncing' })
        },
        onLine: (line) => this.#tell({ kind: 'said', line }),
        signal: AbortSignal.any([signal, timeout]),
      })
    } finally {
      clearTimeout(lend)
      giveBack()
    }
  }

  async #look(wanted: Wanted): Promise<string | undefined> {
    const { probe, clock, signal } = this.#world
    let reason = 'it was not looked at'
    for (let look = 0; look < LOOKS; look += 1) {
      if (look > 0) await clock.sleep(LOOK_EVERY_MS, signal)
      try {
        const seen = await probe.look(this.target, [...wanted.databases.keys()], signal)
        const lack = shortfall(seen, wanted)
        if (lack === undefined) return undefined
        reason = `it says done, but ${describeShortfall(lack)}`
      } catch (error) {
        signal.throwIfAborted()
        reason = error instanceof Error ? error.message : String(error)
      }
    }
    return reason
  }

  #tell(event: PushEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
