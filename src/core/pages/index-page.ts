import { type EpochSeconds, rfc3339 } from '#base/time.ts'
import type { Release, ReleaseFile } from '../release/index.ts'
import { escapeHtml, facts, page, table } from './html.ts'
import { sumOf, type Traffic, trafficFacts } from './mirrors-page.ts'

/** `index.html`, the same on every mirror; it shows the operator's `local_logo.png` where there is one (R70–R71). */
export function indexPage(
  zone: string,
  release: Release,
  madeAt: EpochSeconds,
  traffic: ReadonlyMap<string, Traffic>,
): string {
  const files = [...release.files.values()].toSorted((a, b) => a.path.localeCompare(b.path))
  const rows = files
    .filter(({ kind }) => kind === 'database' || kind === 'set' || kind === 'plain')
    .map((file) => [link(file.path), String(file.version), size(file.bytes), date(file.datedAt)])
  const of = (...kinds: readonly ReleaseFile['kind'][]) =>
    files.filter(({ kind }) => kinds.includes(kind)).map(({ path }) => link(path))
  const name = escapeHtml(zone)
  const summary: (readonly [string | number, string])[] = [
    [release.serial, 'release'],
    [rows.length, 'files'],
    [date(release.publishedAt), 'published'],
    ...trafficFacts(sumOf(traffic)),
  ]
  return page(
    `Virus databases of ${zone}`,
    `<header><div><h1>Virus databases of ${name}</h1>
<p class="lead">One of the mirrors that carry the signatures of <code>${name}</code>. Point <code>DatabaseMirror</code>
in <code>freshclam.conf</code> at <code>database.${name}</code>; nearer mirrors answer by themselves.</p></div>
<object class="logo" data="local_logo.png" type="image/png" aria-label="the logo of this mirror's sponsor"></object></header>
${facts(summary)}
<h2>Databases</h2>
${table(COLUMNS, rows)}
${list('Patches and signatures', of('patch', 'signature'))}
${list('For clients of 2003', of('legacy'))}
<p class="quiet">Page made ${rfc3339(madeAt)}. <a href="mirrors.html">All mirrors and how they do</a> ·
<a href="news.atom">News</a> · <a href="timestamp">timestamp</a></p>`,
  )
}

const COLUMNS = [
  { title: 'File', isPlain: true },
  { title: 'Version', number: true },
  { title: 'Bytes', number: true },
  { title: 'Dated' },
] as const

function list(title: string, links: readonly string[]): string {
  return links.length === 0 ? '' : `<h2>${title}</h2>\n<p class="chips">${links.join(' ')}</p>`
}

function link(path: ReleaseFile['path']): string {
  return `<a href="${escapeHtml(path)}">${escapeHtml(path)}</a>`
}

function date(at: EpochSeconds): string {
  return rfc3339(at).slice(0, 16).replace('T', ' ')
}

function size(bytes: number): string {
  return String(bytes).replace(/\B(?=(?:\d{3})+$)/g, ' ')
}
