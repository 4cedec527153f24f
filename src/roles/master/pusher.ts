import { isDeepStrictEqual } from 'node:util'
import { CANARY_FROM_MIRRORS, canaryOrder, printPushWindow, type Wanted } from '#core/push/index.ts'
import type { Journal, JournalEntry } from '#ports/journal.ts'
import { askCanary, askInTurn, type CanaryReport, isOfOlder } from './canary.ts'
import {
  mayBePushedTo,
  type PushEvent,
  PushLine,
  type PushTarget,
  type PushWorld,
} from './push-line.ts'
import { Slots } from './slots.ts'

export interface PushSummary {
  readonly acknowledged: readonly string[]
  readonly waiting: readonly string[]
  /** Those that get it when their window opens. */
  readonly postponed: readonly string[]
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

type LineEnd = 'acknowledged' | 'waiting' | 'postponed'

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
  /** Whose window was closed when something was wanted of them. */
  readonly #postponed = new Set<string>()
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
      this.#postponed.delete(name)
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

  /** Those that waited for their window, which is open now. */
  get due(): readonly string[] {
    const now = this.#world.clock.now()
    return [...this.#postponed].filter((name) => {
      const line = this.#lines.get(name)
      return line !== undefined && mayBePushedTo(line.target, now)
    })
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
    const by = {
      acknowledged: [] as string[],
      waiting: [] as string[],
      postponed: [] as string[],
    }
    const lines = [...this.#lines].filter(([name]) => only?.includes(name) ?? true)
    const { served, held } = await this.#askCanaries(wanted, lines, onEvent)
    if (held !== undefined) {
      // Nor is anybody pushed to by the clock: a person looks first.
      for (const [name] of lines) this.#postponed.delete(name)
      return { ...by, waiting: lines.map(([name]) => name), held }
    }
    by.acknowledged.push(...served)
    const others = lines.filter(([name]) => !served.includes(name))
    await Promise.all(
      others.map(async ([mirror, line]) => {
        const end = await this.#pushOne(line, wanted, (event) => onEvent(mirror, event), {
          triesToReport,
          lookFirst,
        })
        by[end].push(mirror)
      }),
    )
    return by
  }

  async #pushOne(
    { line, signal }: Line,
    wanted: Wanted,
    onEvent: (event: PushEvent) => void,
    { triesToReport, lookFirst }: { readonly triesToReport: number; readonly lookFirst: boolean },
  ): Promise<LineEnd> {
    if (signal.aborted) return 'waiting'
    const { promise, resolve } = Promise.withResolvers<LineEnd>()
    let failures = 0
    const listen = (event: PushEvent) => {
      if (isOfOlder(event, wanted)) return
      onEvent(event)
      if (event.kind === 'acknowledged') resolve('acknowledged')
      if (event.kind === 'postponed') resolve('postponed')
      if (event.kind !== 'failed') return
      failures += 1
      if (failures >= triesToReport || event.retryInMs === undefined) resolve('waiting')
    }
    const unlisten = line.want(wanted, listen, lookFirst)
    const stopped = () => resolve('waiting')
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
    const now = clock.now()
    const open = lines.filter(([, { target }]) => mayBePushedTo(target, now))
    if (!policy.canary || wanted.serial <= this.#proven || open.length < CANARY_FROM_MIRRORS) {
      return { served: [], held: undefined }
    }
    const known = new Map(open)
    return await askInTurn(canaryOrder([...known.keys()], draw), async (name) => {
      const line = known.get(name)
      if (line === undefined) return 'failed'
      const { signal } = line
      return await askCanary(line.line, wanted, (event) => onEvent(name, event), { clock, signal })
    })
  }

  /** Appends in order, whoever listens. What cannot be recorded does not stop a push. */
  #record(mirror: string, event: PushEvent): void {
    if (event.kind === 'acknowledged') {
      this.#proven = Math.max(this.#proven, event.wanted.serial)
      this.#postponed.delete(mirror)
    }
    if (event.kind === 'postponed') this.#postponed.add(mirror)
    const done = inJournal(event)
    if (done === undefined) return
    const entry = { at: this.#world.clock.now(), who: this.#self, subject: mirror, ...done }
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

/** Undefined for what is on its way. */
function inJournal(event: PushEvent): Pick<JournalEntry, 'what' | 'why'> | undefined {
  switch (event.kind) {
    case 'acknowledged': {
      const { serial, generation } = event.wanted
      return { what: 'pushed', why: [`serial ${serial} generation ${generation}`] }
    }
    case 'failed': {
      const next = event.retryInMs === undefined ? 'given up until the next push' : 'tries again'
      return { what: 'push-failed', why: [event.reason, next] }
    }
    case 'postponed':
      return {
        what: 'push-postponed',
        why: [`waits for its window, ${printPushWindow(event.window)} UTC`],
      }
    default:
      return undefined
  }
}
