/** A store in memory for the stories. */

import { fail, ok } from '#base/outcome.ts'
import type { JournalEntry } from '#ports/journal.ts'
import type {
  Announced,
  Head,
  Job,
  Lease,
  NewJob,
  Records,
  Store,
  Stored,
  StorePart,
} from '#ports/store.ts'
import { aGeneration, aSerial } from '../support/values.ts'

type W = (part: StorePart) => void
function records<T>(part: StorePart, changed: W, journal: JournalEntry[]): Records<T> {
  const all = new Map<string, Stored<T>>()
  return {
    list: async () => [...all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    get: async (name) => all.get(name),
    put: async (name, value, over, entry) => {
      const old = all.get(name)
      if (old === undefined && over !== undefined) return fail({ kind: 'absent' })
      if (old !== undefined && over === undefined) return fail({ kind: 'exists' })
      if (old !== undefined && old.revision !== over)
        return fail({ kind: 'changed-meanwhile', revision: old.revision })
      const revision = (old?.revision ?? 0) + 1
      all.set(name, { name, value: structuredClone(value), revision })
      if (entry) journal.push(entry)
      changed(part)
      return ok(revision)
    },
    remove: async (name, over, entry) => {
      const old = all.get(name)
      if (old === undefined) return fail({ kind: 'absent' })
      if (old.revision !== over) return fail({ kind: 'changed-meanwhile', revision: old.revision })
      all.delete(name)
      if (entry) journal.push(entry)
      changed(part)
      return ok(undefined)
    },
  }
}

export function interimStore(): Store {
  const watchers = new Set<W>()
  const changed: W = (part) => {
    for (const w of watchers) w(part)
  }
  const journal: JournalEntry[] = []
  let head: Head | undefined
  let announced: Announced | undefined
  let s = 0
  let g = 0
  let id = 0
  const history: Head[] = []
  const leases = new Map<string, Lease>()
  const jobs: (Job & { heldUntil: number })[] = []
  return {
    registry: {
      mirrors: records('registry', changed, journal),
      sigmakers: records('registry', changed, journal),
      masters: records('registry', changed, journal),
      health: records('health', changed, journal),
    },
    notices: {
      problems: records('notices', changed, journal),
      news: records('notices', changed, journal),
    },
    releases: {
      head: async () => head,
      reserveSerial: async () => aSerial(++s),
      reserveGeneration: async () => aGeneration(++g),
      commit: async (h, entry) => {
        head = h
        history.unshift(h)
        if (entry) journal.push(entry)
        changed('releases')
        return ok(undefined)
      },
      history: async (n) => history.slice(0, n),
      announced: async () => announced,
      announce: async (sn, at) => {
        announced = { serial: sn, at }
        return ok(undefined)
      },
    },
    journal: {
      append: async (e) => {
        journal.push(e)
      },
      read: async ({ limit, subject }) =>
        journal
          .filter((e) => subject === undefined || e.subject === subject)
          .toReversed()
          .slice(0, limit),
    },
    jobs: {
      lease: async (name, holder, ttl, now) => {
        const l = leases.get(name)
        if (l && l.holder !== holder && l.until > now) return undefined
        const n = { name, holder, until: (now + ttl) as Lease['until'] }
        leases.set(name, n)
        return n
      },
      endLease: async (name, holder) => {
        if (leases.get(name)?.holder === holder) leases.delete(name)
      },
      leases: async () => [...leases.values()],
      enqueue: async (job: NewJob) => {
        const i = jobs.findIndex((j) => j.queue === job.queue && j.key === job.key)
        if (i >= 0) jobs.splice(i, 1)
        jobs.push({ ...job, id: ++id, attempts: 0, lastReason: undefined, heldUntil: 0 })
        changed('jobs')
      },
      take: async (queue, _holder, ttl, now) => {
        const j = jobs.find((x) => x.queue === queue && x.dueAt <= now && x.heldUntil <= now)
        if (!j) return undefined
        j.heldUntil = now + ttl
        return { ...j }
      },
      done: async (job) => {
        const i = jobs.findIndex((j) => j.id === job.id)
        if (i >= 0) jobs.splice(i, 1)
      },
      retry: async (job, dueAt, reason) => {
        const i = jobs.findIndex((j) => j.id === job.id)
        if (i >= 0)
          jobs[i] = {
            ...job,
            dueAt,
            lastReason: reason,
            attempts: job.attempts + 1,
            heldUntil: 0,
          }
      },
      waiting: async (queue) => jobs.filter((j) => j.queue === queue),
    },
    watch: (w) => {
      watchers.add(w)
      return {
        [Symbol.dispose]: () => {
          watchers.delete(w)
        },
      }
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
