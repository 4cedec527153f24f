import { isDeepStrictEqual } from 'node:util'
import { CANARY_FROM_MIRRORS, canaryOrder, type Wanted } from '#core/push/index.ts'
import type { Journal } from '#ports/journal.ts'
import { askCanary, askInTurn, type CanaryReport, isOfOlder } from './canary.ts'
import { type PushEvent, PushLine, type PushTarget, type PushWorld } from './push-line.ts'
import { Slots } from './slots.ts'

export interface PushSummary {
  readonly acknowledged: readonly string[]
  readonly waiting: readonly string[]
  /** Why nobody else was pushed to: those that went first would not have it. */
  readonly held?: string
}

export interface PushOptions {
  /** Failures after which the caller waits no longer. */
  readonly triesToReport?: number
  readonly only?: readonly string[]
  /** Mirrors that serve it already are not called: another master pushes, or did. */
  readonly lookFirst?: boolean
}

interface Line {
  readonly target: PushTarget
  readonly stop: AbortController
  /** Aborted when this mirror leaves, or the master stops. */
  readonly signal: AbortSignal
  readonly line: PushLine
  readonly rest: () => Promise<void>
}

/**
 * Pushes to all mirrors, each on its own line: one that fails never delays the others (R100). Wants are kept until
 * they are met or overtaken; the caller's wait is bounded, the lines go on behind it.
 */
export class Pusher implements AsyncDisposable {
  readonly #lines = new Map<string, Line>()
  readonly #world: PushWorld
  readonly #journal: Journal
  readonly #self: string
  readonly #onPush: (mirror: string, event: PushEvent) => void
  readonly #stop = new AbortController()
  readonly #resting = new Set<Promise<void>>()
  /** The newest release that any mirror was seen serving. */
  #proven = -1
  #recorded: Promise<void> = Promise.resolve()

  constructor(
    world: Omit<PushWorld, 'slots' | 'signal'>,
    options: {
      readonly self: string
      readonly journal: Journal
      readonly targets: readonly PushTarget[]
      readonly onPush?: (mirror: string, event: PushEvent) => void
    },
  ) {
    this.#world = { ...world, slots: new Slots(world.policy.parallel), signal: this.#stop.signal }
    this.#journal = options.journal
    this.#self = options.self
    this.#onPush = options.onPush ?? (() => {})
    this.setTargets(options.targets)
  }

  /**
   * Mirrors come and go. A line whose mirror left, or is called elsewhere from now on, ends in the middle of what it does.
   * Returns the names of those that were not pushed to before.
   */
  setTargets(targets: readonly PushTarget[]): readonly string[] {
    const wanted = new Map(targets.map((target) => [target.name, target]))
    for (const [name, line] of this.#lines) {
      if (isDeepStrictEqual(wanted.get(name), line.target)) continue
      this.#lines.delete(name)
      line.stop.abort(new Error('The mirror is not pushed to any more'))
      const resting = line.rest().finally(() => this.#resting.delete(resting))
      this.#resting.add(resting)
    }
    const added = targets.filter(({ name }) => !this.#lines.has(name))
    for (const target of added) this.#lines.set(target.name, this.#lineTo(target))
    return added.map(({ name }) => name)
  }

  #lineTo(target: PushTarget): Line {
    const stop = new AbortController()
    const signal = AbortSignal.any([this.#stop.signal, stop.signal])
    const line = new PushLine(target, { ...this.#world, signal }, (event) => {
      this.#record(target.name, event)
      this.#onPush(target.name, event)
    })
    return { target, stop, signal, line, rest: () => line.rest() }
  }

  get mirrors(): readonly string[] {
    return [...this.#lines.keys()]
  }

  /**
   * Resolves when every mirror, or each of `only`, was seen serving it or has failed `triesToReport` times. Failures are
   * reported to `onEvent` and to the journal; retries go on without the caller.
   */
  async push(
    wanted: Wanted,
    onEvent: (mirror: string, event: PushEvent) => void,
    { triesToReport = 2, only, lookFirst = false }: PushOptions = {},
  ): Promise<PushSummary> {
    const acknowledged: string[] = []
    const waiting: string[] = []
    const lines = [...this.#lines].filter(([name]) => only?.includes(name) ?? true)
    const { served, held } = await this.#askCanaries(wanted, lines, onEvent)
    if (held !== undefined) return { acknowledged, waiting: lines.map(([name]) => name), held }
    acknowledged.push(...served)
    const others = lines.filter(([name]) => !served.includes(name))
    await Promise.all(
      others.map(async ([mirror, line]) => {
        const good = await this.#pushOne(line, wanted, (event) => onEvent(mirror, event), {
          triesToReport,
          lookFirst,
        })
        ;(good ? acknowledged : waiting).push(mirror)
      }),
    )
    return { acknowledged, waiting }
  }

  async #pushOne(
    { line, signal }: Line,
    wanted: Wanted,
    onEvent: (event: PushEvent) => void,
    { triesToReport, lookFirst }: { readonly triesToReport: number; readonly lookFirst: boolean },
  ): Promise<boolean> {
    if (signal.aborted) return false
    const { promise, resolve } = Promise.withResolvers<boolean>()
    let failures = 0
    const listen = (event: PushEvent) => {
      if (isOfOlder(event, wanted)) return
      onEvent(event)
      if (event.kind === 'acknowledged') resolve(true)
      if (event.kind !== 'failed') return
      failures += 1
      if (failures >= triesToReport || event.retryInMs === undefined) resolve(false)
    }
    const unlisten = line.want(wanted, listen, lookFirst)
    const stopped = () => resolve(false)
    signal.addEventListener('abort', stopped, { once: true })
    try {
      return await promise
    } finally {
      unlisten()
      signal.removeEventListener('abort', stopped)
    }
  }

  /** A release that no mirror has yet goes to one first (field-notes 1.18). */
  async #askCanaries(
    wanted: Wanted,
    lines: readonly (readonly [string, Line])[],
    onEvent: (mirror: string, event: PushEvent) => void,
  ): Promise<CanaryReport> {
    const { policy, draw, clock } = this.#world
    if (!policy.canary || wanted.serial <= this.#proven || lines.length < CANARY_FROM_MIRRORS) {
      return { served: [], held: undefined }
    }
    const known = new Map(lines)
    return await askInTurn(canaryOrder([...known.keys()], draw), async (name) => {
      const line = known.get(name)
      if (line === undefined) return 'failed'
      const { signal } = line
      return await askCanary(line.line, wanted, (event) => onEvent(name, event), { clock, signal })
    })
  }

  /** Appends in order, whoever listens. What cannot be recorded does not stop a push. */
  #record(mirror: string, event: PushEvent): void {
    if (event.kind !== 'acknowledged' && event.kind !== 'failed') return
    if (event.kind === 'acknowledged') this.#proven = Math.max(this.#proven, event.wanted.serial)
    const why =
      event.kind === 'failed'
        ? [
            event.reason,
            event.retryInMs === undefined ? 'given up until the next push' : 'tries again',
          ]
        : [`serial ${event.wanted.serial} generation ${event.wanted.generation}`]
    const what = event.kind === 'failed' ? 'push-failed' : 'pushed'
    const entry = { at: this.#world.clock.now(), who: this.#self, what, subject: mirror, why }
    this.#recorded = this.#recorded.then(() => this.#journal.append(entry)).catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The master is stopping'))
    await Promise.allSettled([
      ...[...this.#lines.values()].map(({ rest }) => rest()),
      ...this.#resting,
    ])
    await this.#recorded
  }
}
