import { type EpochMs, type EpochSeconds, rfc3339, toMs, toSeconds } from '#base/time.ts'
import {
  type Condition,
  conditionOf,
  type DayMark,
  type HealthPolicy,
  type Issued,
  type Watched,
} from '../health/index.ts'
import { oneLine } from '../notices/index.ts'
import { bytesWords, escapeHtml, facts, page, table } from './html.ts'
import { sampleBar, strip } from './strip.ts'

/** A mirror as a master's settings know it. */
export interface ListedMirror {
  readonly name: string
  readonly host: string
  readonly country: string
  readonly region: string
}

/** A mirror as the public sees it (R114). */
export interface PageMirror extends ListedMirror {
  readonly state: 'up' | 'down' | 'old' | 'removed' | 'planned' | 'unknown'
  /** Since when it is so. */
  readonly since: EpochMs | undefined
  /** In words; undefined where there is none. */
  readonly problem: string | undefined
  readonly days: readonly DayMark[]
}

/** Bytes that a mirror sent: yesterday, and in thirty days. */
export interface Traffic {
  readonly day: number
  readonly month: number
}

export interface MirrorsPage {
  readonly zone: string
  readonly mirrors: readonly PageMirror[]
  /** The newest timestamp that the network issued. */
  readonly newest: Issued | undefined
  /** By name, of those that offer it. */
  readonly traffic: ReadonlyMap<string, Traffic>
  readonly madeAt: EpochSeconds
}

/** Mirrors that a monitor knows nothing of yet. */
export function unwatched(mirrors: readonly ListedMirror[]): readonly PageMirror[] {
  return mirrors.map(({ name, host, country, region }) => ({
    name,
    host,
    country,
    region,
    state: 'unknown',
    since: undefined,
    problem: undefined,
    days: [],
  }))
}

/** What the page shows of those that are listed, old or removed. */
export function pageMirrors(
  mirrors: Iterable<Watched>,
  newest: Issued | undefined,
  policy: HealthPolicy,
  now: EpochMs,
): readonly PageMirror[] {
  const shown: PageMirror[] = []
  for (const { record, health } of mirrors) {
    const { name, host, country, region, stage, stageSince, stageReason } = record
    if (stage !== 'listed' && stage !== 'old' && stage !== 'removed') continue
    const condition = conditionOf(record, health, newest, policy, now)
    const base = { name, host, country, region, days: health?.days ?? [] }
    if (condition.kind === 'planned') {
      const problem = `until ${rfc3339(toSeconds(condition.until))}: ${condition.reason}`
      shown.push({ ...base, state: 'planned', since: undefined, problem })
    } else if (stage !== 'listed') {
      shown.push({ ...base, state: stage, since: stageSince, problem: stageReason })
    } else shown.push({ ...base, ...listedState(condition, stageSince) })
  }
  return shown.toSorted(
    (a, b) => a.country.localeCompare(b.country) || a.name.localeCompare(b.name),
  )
}

/** No numbers that change with every look: the page would be pushed for ever. */
function listedState(
  condition: Condition,
  stageSince: EpochMs,
): Pick<PageMirror, 'state' | 'since' | 'problem'> {
  switch (condition.kind) {
    case 'unreachable':
      return { state: 'down', since: condition.since, problem: condition.reason }
    case 'recovering':
      return {
        state: 'down',
        since: undefined,
        problem: 'answers again, and is watched for a while',
      }
    case 'unknown':
      return { state: 'unknown', since: undefined, problem: undefined }
    default:
      return { state: 'up', since: stageSince, problem: undefined }
  }
}

const STATE_WORDS: Readonly<Record<PageMirror['state'], string>> = {
  up: 'serving',
  down: 'not answering',
  old: 'old',
  removed: 'off the list',
  planned: 'planned downtime',
  unknown: 'not watched',
}

/** `mirrors.html`: who carries the databases, and how they do (R114). */
export function mirrorsPage({ zone, mirrors, newest, traffic, madeAt }: MirrorsPage): string {
  const count = (...states: readonly PageMirror['state'][]) =>
    mirrors.filter(({ state }) => states.includes(state)).length
  const failing = count('down', 'old', 'removed')
  const summary: (readonly [string | number, string])[] = [
    [mirrors.length, 'mirrors'],
    [count('up'), 'serving'],
    [failing, 'failing'],
    [new Set(mirrors.map(({ country }) => country)).size, 'countries'],
    ...trafficFacts(sumOf(traffic)),
  ]
  const stamp =
    newest === undefined
      ? ''
      : ` The network's newest timestamp is of ${rfc3339(toSeconds(newest.stampedAt))}.`
  const legend = (['good', 'planned', 'stale', 'bad'] as const)
    .map((kind) => `<span>${sampleBar(kind)} ${kind}</span>`)
    .join('')
  return page(
    `Mirrors of ${zone}`,
    `<header><div><h1>Mirrors of ${escapeHtml(zone)}</h1>
<p class="quiet">As it was at ${rfc3339(madeAt)}, in UTC.${stamp}</p></div></header>
${facts(summary)}
<h2>Every mirror</h2>
${table(
  traffic.size === 0 ? COLUMNS : [...COLUMNS, TRAFFIC_COLUMN],
  mirrors.map((mirror) => [
    ...row(mirror, toMs(madeAt)),
    ...(traffic.size === 0 ? [] : [trafficCell(traffic.get(mirror.name))]),
  ]),
)}
<p class="quiet legend">A bar a day, the worst of it: ${legend}</p>
<p class="quiet">A mirror is old when its timestamp is a day behind, or when it has been away for a day; after two
more days it is off the list, and it is back by itself when it is well. <a href="index.html">Databases</a> ·
<a href="news.atom">News</a></p>`,
  )
}

const COLUMNS = [
  { title: 'Mirror', isPlain: true },
  { title: 'Country', isPlain: true },
  { title: 'Status', isPlain: true },
  { title: '14 days', isPlain: true },
  { title: 'Since' },
] as const
const TRAFFIC_COLUMN = { title: 'Sent yesterday', number: true } as const

/** Undefined where nobody offers his numbers. */
export function sumOf(traffic: ReadonlyMap<string, Traffic>): Traffic | undefined {
  if (traffic.size === 0) return undefined
  return [...traffic.values()].reduce(
    (sum, { day, month }) => ({ day: sum.day + day, month: sum.month + month }),
    { day: 0, month: 0 },
  )
}

export function trafficFacts(traffic: Traffic | undefined): readonly (readonly [string, string])[] {
  if (traffic === undefined) return []
  return [
    [bytesWords(traffic.day), 'sent yesterday'],
    [bytesWords(traffic.month), 'in thirty days'],
  ]
}

function trafficCell(traffic: Traffic | undefined): string {
  if (traffic === undefined) return '–'
  return `${bytesWords(traffic.day)}<span class="why">${bytesWords(traffic.month)} in thirty days</span>`
}

function row(mirror: PageMirror, now: EpochMs): readonly string[] {
  const { name, host, country, state, since, problem, days } = mirror
  const why =
    problem === undefined ? '' : `<span class="why">${escapeHtml(oneLine(problem, 300))}</span>`
  const at = since === undefined ? '–' : rfc3339(toSeconds(since)).slice(0, 16).replace('T', ' ')
  return [
    `<b>${escapeHtml(oneLine(name))}</b><span class="why">${escapeHtml(oneLine(host))}</span>`,
    escapeHtml(countryName(country)),
    `<span class="state ${state}">${STATE_WORDS[state]}</span>${why}`,
    strip(days, now),
    `<span class="when">${at}</span>`,
  ]
}

const COUNTRIES = new Intl.DisplayNames(['en'], { type: 'region' })

function countryName(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? (COUNTRIES.of(code) ?? code) : oneLine(code, 40)
}
