import type { Wanted } from '#core/push/index.ts'
import type { Journal } from '#ports/journal.ts'
import { type PushEvent, PushLine, type PushTarget, type PushWorld } from './push-line.ts'
import { Slots } from './slots.ts'

export interface PushSummary {
  readonly acknowledged: readonly string[]
  readonly waiting: readonly string[]
}

/**
 * Pushes to all mirrors, each on its own line: one that fails never delays the others (R100). Wants are kept until
 * they are met or overtaken; the caller's wait is bounded, the lines go on behind it.
 */
export class Pusher implements AsyncDisposable {
  readonly #lines = new Map<string, PushLine>()
  readonly #world: PushWorld
  readonly #journal: Journal
  readonly #self: string
  readonly #stop = new AbortController()
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
    for (const target of options.targets) {
      const record = (event: PushEvent) => {
        this.#record(target.name, event)
        options.onPush?.(target.name, event)
      }
      this.#lines.set(target.name, new PushLine(target, this.#world, record))
    }
  }

  get mirrors(): readonly string[] {
    return [...this.#lines.keys()]
  }

  /**
   * Resolves when every mirror was seen serving it or has failed `triesToReport` times. Failures are reported to
   * `onEvent` and to the journal; retries go on without the caller.
   */
  async push(
    wanted: Wanted,
    onEvent: (mirror: string, event: PushEvent) => void,
    triesToReport = 2,
  ): Promise<PushSummary> {
    const acknowledged: string[] = []
    const waiting: string[] = []
    await Promise.all(
      [...this.#lines].map(async ([mirror, line]) => {
        const good = await this.#pushOne(
          line,
          wanted,
          (event) => onEvent(mirror, event),
          triesToReport,
        )
        ;(good ? acknowledged : waiting).push(mirror)
      }),
    )
    return { acknowledged, waiting }
  }

  async #pushOne(
    line: PushLine,
    wanted: Wanted,
    onEvent: (event: PushEvent) => void,
    triesToReport: number,
  ): Promise<boolean> {
    if (this.#stop.signal.aborted) return false
    const { promise, resolve } = Promise.withResolvers<boolean>()
    let failures = 0
    const unlisten = line.want(wanted, (event) => {
      onEvent(event)
      if (event.kind === 'acknowledged' && event.wanted.generation >= wanted.generation)
        resolve(true)
      if (event.kind !== 'failed') return
      failures += 1
      if (failures >= triesToReport || event.retryInMs === undefined) resolve(false)
    })
    const stopped = () => resolve(false)
    this.#stop.signal.addEventListener('abort', stopped, { once: true })
    try {
      return await promise
    } finally {
      unlisten()
      this.#stop.signal.removeEventListener('abort', stopped)
    }
  }

  /** Appends in order, whoever listens. What cannot be recorded does not stop a push. */
  #record(mirror: string, event: PushEvent): void {
    if (event.kind !== 'acknowledged' && event.kind !== 'failed') return
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
    await Promise.allSettled([...this.#lines.values()].map((line) => line.rest()))
    await this.#recorded
  }
}
