/** Counts requests into days. It changes itself, since millions of lines go through it. */
import type { EpochMs } from '#base/time.ts'
import { addressPrefix } from '../limits/index.ts'
import { type DayTotals, type Interval, intervalOf, noIntervals, noOutcomes } from './day.ts'
import {
  type Client,
  clientOf,
  type Hit,
  hitOf,
  isMonitor,
  type Logged,
  type Outcome,
} from './hit.ts'
import { joinDays } from './sum.ts'

export interface Sighting extends Logged {
  readonly at: EpochMs
  readonly from: string
}

/** A client of one day: what is remembered of it under its hash. `lastAt` 0: not seen before. */
export interface Seen {
  engine: string
  country: string
  lastAt: number
  /** Newest version by database. */
  versions: Record<string, number>
}

export interface OpenDay {
  readonly day: string
  readonly requests: Record<Outcome, number>
  readonly bytes: Record<Outcome, number>
  readonly bytesByDatabase: Record<string, number>
  readonly intervals: Record<Interval, number>
  readonly clients: Map<string, Seen>
}

export interface TallyOptions {
  /** A keyed hash of an address and a UUID, other for each day; nobody can turn it back. */
  readonly hash: (day: string, identity: string) => string
  readonly country?: (address: string) => string | undefined
}

const DAY_MS = 86_400_000
/** Requests closer together are one visit: freshclam asks for each database in turn. */
const VISIT_MS = 60_000
/** A hostile client invents agents and names; beyond this they are counted together. */
const NAMES_MAX = 200
const OTHERS = 'others'
/** Clients told apart in a day; beyond it requests are still counted. A client costs some 200 bytes. */
const CLIENTS_MAX = 1_000_000
/**
 * Clients of all days together. A first reading of a year's logs would otherwise hold every client of every day: beyond this, all
 * days but the newest are closed, and what comes of them later is added as `joinDays` does. Some 50 MB.
 */
const CLIENTS_OF_ALL_DAYS_MAX = 200_000
/** Yesterday's last lines may come after midnight. */
const DAYS_NEVER_CLOSED = 2

export class Tally {
  readonly days = new Map<string, OpenDay>()
  /** Those that were closed on the way. */
  closed: readonly DayTotals[] = []
  readonly #options: TallyOptions
  #clients = 0
  #today = { day: '', from: 0, open: undefined as OpenDay | undefined }

  constructor(options: TallyOptions) {
    this.#options = options
  }

  add(sighting: Sighting): void {
    if (isMonitor(sighting.agent)) return
    const open = this.#dayOf(sighting.at)
    const hit = hitOf(sighting)
    open.requests[hit.outcome] += 1
    open.bytes[hit.outcome] += sighting.bytesSent
    if (sighting.bytesSent > 0 && hit.database !== '' && hit.outcome !== 'missing') {
      count(open.bytesByDatabase, hit.database, sighting.bytesSent)
    }
    // Browsers and scanners are no clients of a database.
    if (hit.database !== '' || hit.outcome === 'not-modified') this.#see(open, sighting, hit)
  }

  /** A day that was kept open by an earlier run. */
  resume(day: OpenDay): void {
    this.days.set(day.day, day)
    this.#clients += day.clients.size
  }

  #see(open: OpenDay, { agent, at, from }: Sighting, hit: Hit): void {
    const client = clientOf(agent)
    if (client.engine === 'other') return
    const seen = this.#client(open, from, client)
    if (seen === undefined) return
    const wait = at - seen.lastAt
    if (wait > VISIT_MS && seen.lastAt > 0) open.intervals[intervalOf(wait)] += 1
    if (wait > 0) seen.lastAt = at
    if (hit.version === undefined || hit.outcome !== 'patch') return
    const known = seen.versions[hit.database] ?? 0
    if (hit.version > known) seen.versions[hit.database] = hit.version
  }

  #client(open: OpenDay, from: string, { engine, uuid }: Client): Seen | undefined {
    const key = this.#options.hash(
      open.day,
      uuid === undefined ? from : `${addressPrefix(from)} ${uuid}`,
    )
    const known = open.clients.get(key)
    if (known !== undefined) {
      known.engine = engine
      return known
    }
    if (open.clients.size >= CLIENTS_MAX) return undefined
    const country = this.#options.country?.(from) ?? ''
    const seen: Seen = { engine, country, lastAt: 0, versions: {} }
    open.clients.set(key, seen)
    this.#clients += 1
    if (this.#clients > CLIENTS_OF_ALL_DAYS_MAX) this.#closeOldDays(open)
    return seen
  }

  #closeOldDays(current: OpenDay): void {
    const newest = [...this.days.keys()].toSorted().slice(-DAYS_NEVER_CLOSED)
    const over = [...this.days.values()].filter((open) => {
      return open !== current && !newest.includes(open.day)
    })
    if (over.length === 0) return
    for (const { day, clients } of over) {
      this.days.delete(day)
      this.#clients -= clients.size
    }
    this.closed = joinDays(this.closed, over.map(closeDay))
  }

  #dayOf(at: EpochMs): OpenDay {
    const from = Math.floor(at / DAY_MS) * DAY_MS
    if (this.#today.open !== undefined && this.#today.from === from) return this.#today.open
    const day = new Date(from).toISOString().slice(0, 10)
    let open = this.days.get(day)
    if (open === undefined) {
      open = {
        day,
        requests: noOutcomes(),
        bytes: noOutcomes(),
        bytesByDatabase: {},
        intervals: noIntervals(),
        clients: new Map(),
      }
      this.days.set(day, open)
    }
    this.#today = { day, from, open }
    return open
  }
}

/** Numbers only: what of a day is kept. */
export function closeDay(open: OpenDay): DayTotals {
  const clientsByEngine: Record<string, number> = {}
  const clientsByVersion: Record<string, number> = {}
  const clientsByCountry: Record<string, number> = {}
  for (const { engine, country, versions } of open.clients.values()) {
    count(clientsByEngine, engine, 1)
    if (country !== '') count(clientsByCountry, country, 1)
    for (const [name, version] of Object.entries(versions)) {
      count(clientsByVersion, `${name} ${version}`, 1)
    }
  }
  const { day, requests, bytes, bytesByDatabase, intervals } = open
  return {
    day,
    requests: { ...requests },
    bytes: { ...bytes },
    bytesByDatabase: { ...bytesByDatabase },
    clients: open.clients.size,
    clientsByEngine,
    clientsByVersion,
    clientsByCountry,
    intervals: { ...intervals },
  }
}

function count(counts: Record<string, number>, name: string, by: number): void {
  const known = Object.hasOwn(counts, name) ? counts[name] : undefined
  if (known !== undefined) counts[name] = known + by
  else if (Object.keys(counts).length < NAMES_MAX) counts[name] = by
  else counts[OTHERS] = (counts[OTHERS] ?? 0) + by
}
