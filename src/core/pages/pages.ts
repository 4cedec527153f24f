import { type EpochSeconds, rfc3339 } from '#base/time.ts'
import type { Release, ReleaseFile } from '../release/index.ts'
import { escapeHtml, page, table } from './html.ts'

export interface ListedMirror {
  readonly name: string
  readonly host: string
  readonly country: string
  readonly region: string
}

/** `index.html`, the same on every mirror; it shows the operator's `local_logo.png` where there is one (R70–R71). */
export function indexPage(zone: string, release: Release, madeAt: EpochSeconds): string {
  const files = [...release.files.values()].toSorted((a, b) => a.path.localeCompare(b.path))
  const rows = files
    .filter(({ kind }) => kind === 'database' || kind === 'set' || kind === 'plain')
    .map((file) => [link(file.path), String(file.version), size(file.bytes), rfc3339(file.datedAt)])
  const of = (...kinds: readonly ReleaseFile['kind'][]) =>
    files.filter(({ kind }) => kinds.includes(kind)).map(({ path }) => link(path))
  return page(
    `Virus databases of ${zone}`,
    `<object class="logo" data="local_logo.png" type="image/png"></object>
<h1>Virus databases of ${escapeHtml(zone)}</h1>
<p>This is one of the mirrors that carry the signatures of <code>${escapeHtml(zone)}</code>. Point
<code>DatabaseMirror</code> in <code>freshclam.conf</code> at <code>http://database.${escapeHtml(zone)}</code>.</p>
<h2>Databases</h2>
${table([{ title: 'File' }, { title: 'Version', number: true }, { title: 'Bytes', number: true }, { title: 'Dated' }], rows)}
${list('Patches and signatures', of('patch', 'signature'))}
${list('For clients of 2003', of('legacy'))}
<p class="quiet">Release ${release.serial}, page made ${rfc3339(madeAt)}.
<a href="mirrors.html">All mirrors</a> · <a href="timestamp">timestamp</a></p>`,
  )
}

/** `mirrors.html`: who carries the databases (R114). */
export function mirrorsPage(
  zone: string,
  mirrors: readonly ListedMirror[],
  madeAt: EpochSeconds,
): string {
  const rows = mirrors.map(({ name, host, country, region }) =>
    [name, host, country, region].map(escapeHtml),
  )
  return page(
    `Mirrors of ${zone}`,
    `<h1>Mirrors of ${escapeHtml(zone)}</h1>
${table([{ title: 'Mirror' }, { title: 'Host' }, { title: 'Country' }, { title: 'Region' }], rows)}
<p class="quiet">Page made ${rfc3339(madeAt)}. <a href="index.html">Databases</a></p>`,
  )
}

function list(title: string, links: readonly string[]): string {
  return links.length === 0 ? '' : `<h2>${title}</h2>\n<p>${links.join(' · ')}</p>`
}

function link(path: ReleaseFile['path']): string {
  return `<a href="${escapeHtml(path)}">${escapeHtml(path)}</a>`
}

function size(bytes: number): string {
  return String(bytes).replace(/\B(?=(?:\d{3})+$)/g, ' ')
}
