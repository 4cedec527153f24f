/**
 * Who runs a sync, when, and how its end is told.
 *
 * A request is written down before the lock is tried, and a holder looks again after it let the lock go: so a request
 * that arrives during a sync is carried out by whoever runs it, in this process or another, and none is lost
 * (promise 5, field-notes 1.4).
 */
import { join } from 'node:path'
import { type HeldLock, PendingMarks, takeLock } from '#adapters/disk/index.ts'
import type { Outcome } from '#base/outcome.ts'
import {
  describeHeld,
  describeRebuildEnd,
  describeSyncReason,
  type SyncReason,
} from '#core/sync/index.ts'
import type { Journal } from '#ports/journal.ts'
import { describeSource, resolveSource, type SyncSource } from './source.ts'
import { type Synced, syncFrom } from './sync.ts'
import type { SyncWorld } from './sync-world.ts'

export type SyncEnd =
  | ({ readonly kind: 'done' } & Synced)
  | { readonly kind: 'queued'; readonly by: string }
  | { readonly kind: 'refused'; readonly reasons: readonly SyncReason[] }
  | { readonly kind: 'unknown-master'; readonly known: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }

/** Exit status of the command and of the trigger alike (architecture, contracts). */
export const SYNC_STATUS = {
  done: 0,
  queued: 0,
  refused: 1,
  'unknown-master': 2,
  failed: 3,
} as const satisfies Record<SyncEnd['kind'], number>

export interface Voice {
  readonly print: (line: string) => void
  /** Why not. */
  readonly complain: (line: string) => void
}

export class SyncRunner {
  readonly #world: SyncWorld
  readonly #journal: Journal
  readonly #lock: string
  readonly #marks: PendingMarks

  constructor(world: SyncWorld, journal: Journal) {
    this.#world = world
    this.#journal = journal
    this.#lock = join(world.settings.state, 'lock')
    this.#marks = new PendingMarks(join(world.settings.state, 'pending'))
  }

  /** `given` as `resolveSource` has it. Resolves when that source's turn is over or somebody else has it. */
  async run(given: string, voice: Voice, signal: AbortSignal): Promise<SyncEnd> {
    const resolved = resolveSource(this.#world.settings.conf, given)
    if (!resolved.ok) {
      const { known } = resolved.fault
      voice.complain(`"${given}" is no master; MASTERS has ${known.join(', ') || 'none'}`)
      return { kind: 'unknown-master', known }
    }
    try {
      await this.#marks.add(given)
      return await this.#carryOut(given, voice, signal)
    } catch (error) {
      const reason = wordsOf(error)
      voice.complain(`failed: ${reason}`)
      return { kind: 'failed', reason }
    }
  }

  /** Carries out what a killed run left. */
  async resume(voice: Voice, signal: AbortSignal): Promise<void> {
    const [first] = await this.#marks.list()
    if (first !== undefined) await this.#carryOut(first.subject, voice, signal)
  }

  async #carryOut(own: string, voice: Voice, signal: AbortSignal): Promise<SyncEnd> {
    let end: SyncEnd | undefined
    do {
      const attempt = await takeLock(this.#lock, `sync from ${own}`)
      if (attempt.kind === 'busy') {
        const { holder } = attempt
        const by = holder ? `process ${holder.pid} (${holder.note})` : 'another process'
        if (end === undefined) voice.print(`queued: ${by} will do it`)
        return end ?? { kind: 'queued', by }
      }
      await using lock = attempt.lock
      end = (await this.#turns(own, lock, voice, signal)) ?? end
      if (signal.aborted) break
    } while ((await this.#marks.list()).length > 0)
    if (end === undefined) voice.print('queued: another run has just done it')
    return end ?? { kind: 'queued', by: 'another run' }
  }

  /** Everything that is wanted now, each source once for all of its requests. The end of `own`, if it was among them. */
  async #turns(
    own: string,
    lock: HeldLock,
    voice: Voice,
    signal: AbortSignal,
  ): Promise<SyncEnd | undefined> {
    this.#world.onStep?.('locked')
    let end: SyncEnd | undefined
    for (;;) {
      const marks = await this.#marks.list()
      const [first] = marks
      if (first === undefined || signal.aborted) return end
      const turn = await this.#turn(first.subject, lock, voice, signal)
      // A run that was stopped leaves its request to the next one.
      if (signal.aborted) return first.subject === own ? turn : end
      await this.#marks.remove(marks.filter(({ subject }) => subject === first.subject))
      if (first.subject === own) end = turn
    }
  }

  async #turn(given: string, lock: HeldLock, voice: Voice, signal: AbortSignal): Promise<SyncEnd> {
    const { conf } = this.#world.settings
    const resolved = resolveSource(conf, given)
    if (!resolved.ok) return { kind: 'unknown-master', known: resolved.fault.known }
    const source = resolved.value
    voice.print(`${source.name}: syncing from ${describeSource(source, conf)}`)
    const mayPublish = () => lock.isOurs()
    let end: SyncEnd
    try {
      const outcome = await syncFrom(source, this.#world, {
        print: voice.print,
        mayPublish,
        signal,
      })
      end = toEnd(outcome)
    } catch (error) {
      end = { kind: 'failed', reason: wordsOf(error) }
    }
    const { lines, reasons } = describeEnd(end)
    for (const line of lines) voice.print(`${source.name}: ${line}`)
    for (const line of reasons) voice.complain(`${source.name}: ${line}`)
    await this.#remember(source, end, [...lines, ...reasons], voice)
    return end
  }

  /** A journal that cannot be written is told, and changes nothing about what was published. */
  async #remember(
    source: SyncSource,
    end: SyncEnd,
    why: readonly string[],
    voice: Voice,
  ): Promise<void> {
    // A mirror that asks by itself every few minutes would fill its journal with nothing.
    if (source.kind === 'upstream' && end.kind === 'done' && !end.changed && end.put === 0) return
    try {
      await this.#journal.append({
        at: this.#world.clock.now(),
        who: source.name,
        what: end.kind === 'done' ? 'synced' : end.kind,
        subject:
          end.kind === 'done' ? `release ${end.serial} generation ${end.generation}` : 'sync',
        why,
      })
    } catch (error) {
      voice.complain(wordsOf(error))
    }
  }
}

function toEnd(outcome: Outcome<Synced, readonly SyncReason[]>): SyncEnd {
  return outcome.ok
    ? { kind: 'done', ...outcome.value }
    : { kind: 'refused', reasons: outcome.fault }
}

/** A broken tree can have as many faults as files; the first ones tell the story. */
const REASONS_MAX = 20

function describeEnd(end: SyncEnd): {
  readonly lines: readonly string[]
  readonly reasons: readonly string[]
} {
  switch (end.kind) {
    case 'done': {
      const what = `release ${end.serial} generation ${end.generation}`
      const did = `${end.put} files published, ${end.deleted} deleted`
      const lines = [
        ...end.rebuilds.map(describeRebuildEnd),
        end.changed ? `${what}: ${did}` : `${what} was here already: ${did}`,
      ]
      return { lines, reasons: end.held ? [`warning: ${describeHeld(end.held)}`] : [] }
    }
    case 'refused': {
      const more = end.reasons.length - REASONS_MAX
      const reasons = end.reasons.slice(0, REASONS_MAX).map(describeSyncReason)
      if (more > 0) reasons.push(`and ${more} more`)
      return { lines: [], reasons: reasons.map((reason) => `refused: ${reason}`) }
    }
    case 'failed':
      return { lines: [], reasons: [`failed; what is published stays as it is: ${end.reason}`] }
    case 'queued':
    case 'unknown-master':
      return { lines: [], reasons: [] }
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
