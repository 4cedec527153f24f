import { postLetter } from '#adapters/outbox/index.ts'
import type { EpochMs } from '#base/time.ts'
import {
  judgeMirrors,
  type NetworkFacts,
  problemsOf,
  type StandingProblem,
  type Transition,
  type Watched,
} from '#core/health/index.ts'
import { step } from '#core/mirrors/index.ts'
import { type Letter, type OpenProblem, problemId, reviewProblems } from '#core/notices/index.ts'
import type { JournalEntry } from '#ports/journal.ts'
import type { Stored } from '#ports/store.ts'
import type { MonitorWorld } from './options.ts'
import type { WatchList } from './watch-list.ts'

/** Records of what is wrong are written again this often while nothing but the time changes: it wakes others. */
const STANDING_FRESH_SHARE = 0.3

const EVENT_OF = { listed: 'recover', old: 'fall-behind', removed: 'stay-behind' } as const

/** Decides on mirrors and problems, and carries it out in the store. */
export class JudgeDesk {
  readonly #world: MonitorWorld
  readonly #list: WatchList

  constructor(world: MonitorWorld, list: WatchList) {
    this.#world = world
    this.#list = list
  }

  /** One sitting; `others` are problems that somebody else found. Throws `StoreError` when the store is away; what was not done is decided anew next time. */
  async sit(
    facts: NetworkFacts,
    others: readonly StandingProblem[],
  ): Promise<readonly Transition[]> {
    const { clock, health } = this.#world
    const now = clock.now()
    const { transitions, held } = judgeMirrors([...this.#list.watched()], facts, health, now)
    const done: Transition[] = []
    for (const transition of transitions) {
      if (await this.#carryOut(transition, now)) done.push(transition)
    }
    if (done.length > 0) await this.#list.reloadRecords()
    const watched: readonly Watched[] = [...this.#list.watched()]
    const standing = problemsOf(watched, facts, { transitions: done, held }, health, now)
    await this.#review([...standing, ...others], now)
    return done
  }

  /** False when somebody else changed the mirror since it was read: then nothing is done. */
  async #carryOut(transition: Transition, now: EpochMs): Promise<boolean> {
    const { name, from, to, reason } = transition
    const { mirrors } = this.#world.store.registry
    const stored = await mirrors.get(name)
    if (stored?.value.stage !== from) return false
    const after = step(stored.value, { kind: EVENT_OF[to], reason }, now)
    if (!after.ok) return false
    const entry: JournalEntry = {
      at: now,
      who: this.#world.self,
      what: to === 'listed' ? 'listed again' : `marked ${to}`,
      subject: name,
      why: [reason],
    }
    const written = await mirrors.put(name, after.value, stored.revision, entry)
    if (written.ok) this.#world.onEvent(`${name} is ${to}: ${reason}`)
    return written.ok
  }

  async #review(standing: readonly StandingProblem[], now: EpochMs): Promise<void> {
    const { zone, notices, store } = this.#world
    const before = await store.notices.problems.list()
    if (before.length === 0 && standing.length === 0) return
    const known = before.map(({ value }) => value)
    const review = reviewProblems(known, standing, { zone, policy: notices, now })
    // Letters first: a crash here makes the same letters again, with the same ids; the other way it would lose them.
    for (const letter of review.letters) await this.#post(letter)
    const stored = new Map(before.map((one) => [one.name, one]))
    for (const problem of review.open) await this.#keep(problem, stored.get(problemId(problem)))
    for (const problem of review.closed) {
      const one = stored.get(problemId(problem))
      if (one !== undefined) await store.notices.problems.remove(one.name, one.revision)
    }
  }

  async #post(letter: Letter): Promise<void> {
    await postLetter(this.#world.store, letter)
    this.#world.onEvent(letter.subject)
  }

  async #keep(problem: OpenProblem, before: Stored<OpenProblem> | undefined): Promise<void> {
    const old = before?.value
    const isNews =
      old === undefined ||
      old.letters.length !== problem.letters.length ||
      old.level !== problem.level ||
      old.title !== problem.title
    const freshMs = this.#world.notices.calmMs * STANDING_FRESH_SHARE
    if (!isNews && problem.lastAt - old.lastAt < freshMs) return
    await this.#world.store.notices.problems.put(problemId(problem), problem, before?.revision)
  }
}
