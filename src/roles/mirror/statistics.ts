/** A mirror's statistics: its logs are read on and on, and a page is made of what they say. */
import { hash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { readLogs } from '#adapters/access-logs/index.ts'
import { writeFileAtomic } from '#adapters/disk/index.ts'
import type { PageBody } from '#adapters/http/index.ts'
import { toSeconds } from '#base/time.ts'
import {
  closeDay,
  type DayTotals,
  joinDays,
  type KeptStatistics,
  NO_STATISTICS,
  parseStatistics,
  printStatistics,
  reportJson,
  reportPage,
  Tally,
  totalsCodec,
  totalsOf,
} from '#core/statistics/index.ts'
import { parseLogLine } from '#formats/access-log/index.ts'
import type { Clock } from '#ports/clock.ts'

/** How old the page may be. */
const READ_EVERY_MS = 60_000
/** Yesterday's last lines may come after midnight. */
const DAYS_OPEN = 2
const DAY_MS = 86_400_000
const HASH_CHARS = 12
const SALT_BYTES = 32

export interface StatisticsOptions {
  readonly mirror: string
  /** Kept with mode 0600: it has the salts of the open days. */
  readonly stateFile: string
  readonly logs: readonly string[]
  /** The log is ours: there is none before the first request. */
  readonly isOwnLog?: boolean
  readonly daysKept: number
  readonly clock: Clock
  /** Of an address: two letters, or what stands for no country. */
  readonly country: (address: string) => string
  readonly onFault: (line: string) => void
}

export class Statistics {
  readonly #options: StatisticsOptions
  #kept: KeptStatistics = NO_STATISTICS
  #days: readonly DayTotals[] = []
  /** Of the reading before: a log that stays broken is told once. */
  #faults: ReadonlySet<string> = new Set()

  private constructor(options: StatisticsOptions) {
    this.#options = options
  }

  static async load(options: StatisticsOptions): Promise<Statistics> {
    const statistics = new Statistics(options)
    const text = await readFile(options.stateFile, 'utf8').catch(() => undefined)
    const kept = text === undefined ? undefined : parseStatistics(text)
    if (kept?.ok === true) statistics.#kept = kept.value
    if (kept?.ok === false)
      options.onFault(`"${options.stateFile}" is no statistics: starting anew`)
    statistics.#days = [...statistics.#kept.closed, ...statistics.#kept.open.map(closeDay)]
    return statistics
  }

  async keepReading(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.update(signal)
      await this.#options.clock.sleep(READ_EVERY_MS, signal)
    }
  }

  /** Reads what is new. A kill before the end reads it again: totals and places are written as one. */
  async update(signal: AbortSignal): Promise<void> {
    const { closed, open, cursors } = this.#kept
    const salts = new Map(this.#kept.salts)
    const { logs, isOwnLog = false, country, clock, daysKept, stateFile } = this.#options
    const faults = new Set<string>()
    const onFault = (line: string) => {
      if (!this.#faults.has(line)) this.#options.onFault(line)
      faults.add(line)
    }
    const tally = new Tally({ hash: (day, identity) => hashed(salts, day, identity), country })
    for (const day of open) tally.resume(day)
    let lines = 0
    const onLine = (line: string) => {
      lines += 1
      const request = parseLogLine(line)
      if (request !== undefined) tally.add(request)
    }
    const read = await readLogs({
      paths: logs,
      mayBeMissing: isOwnLog,
      cursors,
      onLine,
      onFault,
      signal,
    })
    this.#faults = faults
    const oldest = new Date(clock.now() - (DAYS_OPEN - 1) * DAY_MS).toISOString().slice(0, 10)
    const all = [...tally.days.values()].toSorted((a, b) => a.day.localeCompare(b.day))
    const [stillOpen, over] = [
      all.filter(({ day }) => day >= oldest),
      all.filter(({ day }) => day < oldest),
    ]
    for (const { day } of [...over, ...tally.closed]) salts.delete(day)
    this.#kept = {
      closed: joinDays(joinDays(closed, tally.closed), over.map(closeDay)).slice(-daysKept),
      open: stillOpen,
      salts,
      cursors: read,
    }
    this.#days = joinDays(this.#kept.closed, stillOpen.map(closeDay))
    // On a quiet night nothing is written each minute; what is lost with a kill is read again.
    if (lines === 0 && over.length === 0) return
    await writeFileAtomic(stateFile, printStatistics(this.#kept), { mode: 0o600 })
  }

  /** By path below `local_stats/`. */
  page(path: string): PageBody | undefined {
    const { mirror, clock } = this.#options
    const report = { mirror, madeAt: toSeconds(clock.now()), days: this.#days }
    if (path === '' || path === 'index.html') {
      return { contentType: 'text/html; charset=utf-8', body: reportPage(report) }
    }
    if (path === 'totals.json') {
      const days = totalsOf(this.#days)
      return { contentType: 'application/json', body: totalsCodec.print({ days }) }
    }
    if (path !== 'statistics.json') return undefined
    return { contentType: 'application/json', body: reportJson(report) }
  }
}

function hashed(salts: Map<string, string>, day: string, identity: string): string {
  let salt = salts.get(day)
  if (salt === undefined) {
    salt = randomBytes(SALT_BYTES).toString('base64url')
    salts.set(day, salt)
  }
  return hash('sha256', salt + identity, 'base64url').slice(0, HASH_CHARS)
}
