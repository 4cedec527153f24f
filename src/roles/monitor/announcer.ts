import type { Serial } from '#base/names.ts'
import { type EpochMs, epochMs } from '#base/time.ts'
import {
  ANNOUNCE_POLICY,
  decideAnnouncement,
  describeSpread,
  mirrorSights,
  type Spread,
} from '#core/announce/index.ts'
import type { Observer, StandingProblem } from '#core/health/index.ts'
import type { JournalEntry } from '#ports/journal.ts'
import type { NetworkNews } from './news.ts'
import type { MonitorWorld } from './options.ts'
import type { WatchList } from './watch-list.ts'

type Trouble = {
  readonly level: 'hold' | 'late'
  readonly serial: Serial
  readonly since: EpochMs
  readonly spread: Spread
}

/**
 * Lets clients know of a release when a quorum of mirrors was seen serving it (decision 4). What was seen is written
 * first: whoever hears of the release finds the mirrors that have it.
 */
export class Announcer {
  readonly #world: MonitorWorld
  readonly #list: WatchList
  readonly #news: NetworkNews
  #trouble: Trouble | undefined

  constructor(world: MonitorWorld, list: WatchList, news: NetworkNews) {
    this.#world = world
    this.#list = list
    this.#news = news
  }

  /** Whether the newest release is not announced yet. */
  get isWaiting(): boolean {
    const { serial, announced = -1 } = this.#news.waiting ?? {}
    return serial !== undefined && serial > announced
  }

  /** What is wrong with the newest release, for those who care. */
  problems(): readonly StandingProblem[] {
    if (this.#trouble === undefined) return []
    const { level, serial, since, spread } = this.#trouble
    const words = `${describeSpread(spread)}.`
    const [title, ...lines] =
      level === 'hold'
        ? [
            `Release ${serial} is not announced`,
            words,
            'Clients are not told of it. It is announced as soon as enough mirrors were seen serving it.',
            'Look at the pushes: do the mirrors get it?',
          ]
        : [
            `Release ${serial} was announced late, with few mirrors`,
            words,
            'Clients are sent to these mirrors only, until the others have it.',
          ]
    return [{ key: 'network/announcement', level, since, title, lines, mirror: undefined }]
  }

  /** Throws `StoreError` when the store is away; it is decided anew next time. */
  async decide(observer: Observer): Promise<void> {
    const { waiting } = this.#news
    if (waiting === undefined) return
    const { clock, health } = this.#world
    const now = clock.now()
    const sights = mirrorSights(this.#list.watched(), health, now)
    // One that was announced late is judged as if it were not, until the quorum is there.
    const wasLate = this.#trouble?.level === 'late' && this.#trouble.serial === waiting.serial
    const asked = wasLate ? { ...waiting, announced: undefined } : waiting
    const verdict = decideAnnouncement(asked, sights, now)
    const { serial } = waiting
    const since = epochMs(waiting.since + ANNOUNCE_POLICY.patienceMs)
    switch (verdict.kind) {
      case 'done':
        this.#trouble = undefined
        return
      case 'wait':
        return
      case 'hold':
        if (!wasLate) this.#trouble = { level: 'hold', serial, since, spread: verdict.spread }
        return
      case 'announce-late':
      case 'announce': {
        const isLate = verdict.kind === 'announce-late'
        // By what a blind or cut observer sees, a few mirrors are all there are.
        if (observer.kind !== 'fine') return
        if (this.isWaiting && !(await this.#announce(serial, now, verdict.spread, isLate))) return
        this.#trouble = isLate
          ? { level: 'late', serial, since, spread: verdict.spread }
          : undefined
      }
    }
  }

  /** False when another monitor was faster with a later one. */
  async #announce(serial: Serial, at: EpochMs, spread: Spread, isLate: boolean): Promise<boolean> {
    const { store, self, onEvent } = this.#world
    const words = describeSpread(spread)
    const what = isLate ? 'announced late' : 'announced'
    const entry: JournalEntry = {
      at,
      who: self,
      what,
      subject: `release ${serial}`,
      why: [words],
    }
    if (this.#list.isDirty) await this.#list.flush()
    const done = await store.releases.announce(serial, at, entry)
    await this.#news.refresh()
    if (!done.ok) return false
    onEvent(`${isLate ? 'ALARM: ' : ''}release ${serial} is ${what}: ${words}`)
    return true
  }
}
