import { type EpochMs, epochMs } from '#base/time.ts'
import type { Job, Jobs, Lease, NewJob } from '#ports/store.ts'
import type { HeldJob, MemoryState } from './state.ts'

export class MemoryJobs implements Jobs {
  readonly #state: MemoryState

  constructor(state: MemoryState) {
    this.#state = state
  }

  async lease(
    name: string,
    holder: string,
    ttlMs: number,
    now: EpochMs,
  ): Promise<Lease | undefined> {
    this.#state.check()
    const held = this.#state.leases.get(name)
    const isOurs = held?.holder === holder
    if (held !== undefined && !isOurs && now < held.until) return undefined
    const until = epochMs(isOurs ? Math.max(held.until, now + ttlMs) : now + ttlMs)
    const lease = { name, holder, until }
    this.#state.leases.set(name, lease)
    if (!isOurs) this.#state.tell('jobs')
    return lease
  }

  async endLease(name: string, holder: string): Promise<void> {
    this.#state.check()
    if (this.#state.leases.get(name)?.holder !== holder) return
    this.#state.leases.delete(name)
    this.#state.tell('jobs')
  }

  async leases(): Promise<readonly Lease[]> {
    this.#state.check()
    return [...this.#state.leases.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async enqueue(job: NewJob): Promise<void> {
    this.#state.check()
    this.#state.counters.job += 1
    const { job: id } = this.#state.counters
    const others = this.#state.jobs.filter(
      (one) => one.hold !== undefined || !sameKey(one.job, job),
    )
    this.#keep([
      ...others,
      { job: { ...job, id, attempts: 0, lastReason: undefined }, hold: undefined },
    ])
  }

  async take(queue: string, holder: string, ttlMs: number, now: EpochMs): Promise<Job | undefined> {
    this.#state.check()
    const isFree = ({ hold }: HeldJob) => hold === undefined || hold.until <= now
    const alive = this.#state.jobs.filter(
      (one) => one.hold === undefined || !isFree(one) || !this.#hasNewer(one.job),
    )
    const due = alive.filter(
      (one) => one.job.queue === queue && one.job.dueAt <= now && isFree(one),
    )
    const first = due.toSorted(byDue)[0]
    if (first === undefined) return undefined
    const taken = {
      job: { ...first.job, attempts: first.job.attempts + 1 },
      hold: { holder, until: now + ttlMs },
    }
    this.#keep(alive.map((one) => (one === first ? taken : one)))
    return first.job
  }

  async done({ id }: Job): Promise<void> {
    this.#state.check()
    this.#keep(this.#state.jobs.filter((one) => one.job.id !== id))
  }

  async retry(job: Job, dueAt: EpochMs, reason: string): Promise<void> {
    this.#state.check()
    const isThisHold = (one: HeldJob) =>
      one.job.id === job.id && one.job.attempts === job.attempts + 1
    this.#keep(
      this.#state.jobs.flatMap((one) => {
        if (!isThisHold(one)) return [one]
        if (this.#hasNewer(one.job)) return []
        return [{ job: { ...one.job, dueAt, lastReason: reason }, hold: undefined }]
      }),
    )
  }

  async waiting(queue: string): Promise<readonly Job[]> {
    this.#state.check()
    const all = this.#state.jobs.filter((one) => one.job.queue === queue && one.hold === undefined)
    return all.toSorted(byDue).map((one) => one.job)
  }

  #hasNewer(job: Job): boolean {
    return this.#state.jobs.some((one) => sameKey(one.job, job) && one.job.id > job.id)
  }

  #keep(jobs: readonly HeldJob[]): void {
    this.#state.jobs = jobs
    this.#state.tell('jobs')
  }
}

function sameKey(a: NewJob, b: NewJob): boolean {
  return a.queue === b.queue && a.key === b.key
}

function byDue(a: HeldJob, b: HeldJob): number {
  return a.job.dueAt - b.job.dueAt || a.job.id - b.job.id
}
