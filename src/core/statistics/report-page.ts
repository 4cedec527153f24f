/** `/local_stats/`: what an operator wants to know of his mirror's traffic and clients (R77–R79), on one page. */
import { type EpochSeconds, rfc3339 } from '#base/time.ts'
import { bytesWords, escapeHtml, page, table } from '../pages/index.ts'
import { type Bar, barChart, CHART_STYLE, columnChart } from './charts.ts'
import type { Counts, DayTotals } from './day.ts'
import { ENDS_NOTED, NEWEST_KNOWN, supportOf } from './engines.ts'
import { addCounts, addIntervals, byMonth, type Traffic, total } from './sum.ts'

export interface Report {
  readonly mirror: string
  readonly madeAt: EpochSeconds
  /** Oldest first. The last is today so far. */
  readonly days: readonly DayTotals[]
}

const DAYS_DRAWN = 60
const MONTHS_DRAWN = 24
const DAYS_OF_CLIENTS = 7
const ROWS_MAX = 15
const KINDS = ['whole databases', 'patches', 'other'] as const

export function reportPage(report: Report): string {
  const recent = report.days.slice(-DAYS_DRAWN)
  const months = byMonth(report.days).slice(-MONTHS_DRAWN)
  const today = report.days.at(-1)
  const week = report.days.slice(-DAYS_OF_CLIENTS)
  return page(
    `Statistics of ${report.mirror}`,
    `${CHART_STYLE}
<h1>Statistics of ${escapeHtml(report.mirror)}</h1>
<p class="quiet">Made ${rfc3339(report.madeAt)}, times in UTC. Without the network’s own monitor. Addresses are counted, not kept.
<a href="statistics.json">The same as JSON</a></p>
${today === undefined ? '<p>Nothing has been asked for yet.</p>' : bigFigures(today)}
<h2>Traffic a day</h2>
${columnChart(
  'Traffic a day',
  KINDS,
  recent.map((day) => column({ ...day, period: day.day })),
  bytesWords,
)}
<h2>Traffic a month</h2>
${columnChart('Traffic a month', KINDS, months.map(column), bytesWords)}
${monthTable(months)}
<h2>Traffic by database, last ${DAYS_OF_CLIENTS} days</h2>
${barChart('Traffic by database', bars(addCounts(week.map(({ bytesByDatabase }) => bytesByDatabase)), bytesWords))}
<h2>Clients by engine, today</h2>
${engines(today)}
<h2>Clients by the newest patch they fetched, today</h2>
${barChart('Clients by version', versionBars(today?.clientsByVersion ?? {}))}
<h2>Time between two visits of a client on one day, last ${DAYS_OF_CLIENTS} days</h2>
${barChart('Time between visits', Object.entries(addIntervals(week)).map(bar(countWords)))}
${countries(today)}`,
  )
}

/** The same for machines. Nothing in it is about one client. */
export function reportJson({ mirror, madeAt, days }: Report): string {
  return `${JSON.stringify({ mirror, madeAt: rfc3339(madeAt), days, months: byMonth(days) }, undefined, 1)}\n`
}

function bigFigures(today: DayTotals): string {
  const { requests, bytes } = today
  const asked = requests.check + requests['not-modified']
  const figures: readonly (readonly [string, string])[] = [
    [countWords(today.clients), 'clients today'],
    [bytesWords(total(bytes)), 'sent today'],
    [countWords(requests.whole), 'whole databases'],
    [countWords(requests.patch), 'patches'],
    [countWords(asked), 'checks'],
    [countWords(requests['turned-away']), 'turned away'],
  ]
  return `<div class="big">${figures.map(([value, name]) => `<div><b>${value}</b>${name}</div>`).join('')}</div>`
}

function column({ period, bytes, requests, clients }: Traffic) {
  const { whole, patch } = bytes
  const rest = total(bytes) - whole - patch
  const words = `${bytesWords(total(bytes))}, ${countWords(total(requests))} requests, ${countWords(clients)} clients`
  return { label: period.slice(period.length > 7 ? 5 : 0), parts: [whole, patch, rest], words }
}

function monthTable(months: readonly Traffic[]): string {
  const number = true
  const columns = [
    { title: 'Month' },
    ...['Sent', 'Requests', 'Whole', 'Patches', 'Checks', '304', 'Missing'].map((title) => ({
      title,
      number,
    })),
  ]
  const rows = months
    .toReversed()
    .map(({ period, bytes, requests }) => [
      period,
      bytesWords(total(bytes)),
      ...[
        total(requests),
        requests.whole,
        requests.patch,
        requests.check,
        requests['not-modified'],
        requests.missing,
      ].map(countWords),
    ])
  return table(columns, rows)
}

function engines(today: DayTotals | undefined): string {
  const counts = today?.clientsByEngine ?? {}
  const day = today?.day ?? ''
  const isEnded = (engine: string) => supportOf(engine, day) === 'ended'
  const ended = total(
    Object.fromEntries(Object.entries(counts).filter(([engine]) => isEnded(engine))),
  )
  const words = (value: number) => countWords(value)
  const drawn = bars(counts, words).map((one) => ({ ...one, isBad: isEnded(one.label) }))
  const share = total(counts) === 0 ? 0 : Math.round((ended / total(counts)) * 100)
  return `${barChart('Clients by engine', drawn)}
<p class="quiet">${countWords(ended)} (${share} %) run an engine past its end of life (orange), by the dates noted here in ${ENDS_NOTED}, which may be wrong: ClamAV’s own page on it holds. What is newer than ${NEWEST_KNOWN.join('.')} is taken for supported.</p>`
}

function versionBars(counts: Counts): readonly Bar[] {
  const newestFirst = Object.entries(counts).toSorted(([a], [b]) => {
    const [nameA = '', versionA = 0] = a.split(' ')
    const [nameB = '', versionB = 0] = b.split(' ')
    return nameA.localeCompare(nameB) || Number(versionB) - Number(versionA)
  })
  return newestFirst.slice(0, 2 * ROWS_MAX).map(bar(countWords))
}

function countries(today: DayTotals | undefined): string {
  const counts = today?.clientsByCountry ?? {}
  if (total(counts) === 0) return ''
  return `<h2>Clients by country, today</h2>\n${barChart('Clients by country', bars(counts, countWords))}`
}

/** Largest first, what is beyond the most rows together. */
function bars(counts: Counts, words: (value: number) => string): readonly Bar[] {
  const sorted = Object.entries(counts).toSorted(([, a], [, b]) => b - a)
  const shown = sorted.slice(0, ROWS_MAX)
  const rest = total(Object.fromEntries(sorted.slice(ROWS_MAX)))
  return [...shown, ...(rest > 0 ? [['the rest', rest] as const] : [])].map(bar(words))
}

function bar(words: (value: number) => string) {
  return ([label, value]: readonly [string, number]): Bar => ({ label, value, words: words(value) })
}

function countWords(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, '\u00a0')
}
