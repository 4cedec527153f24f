/** What an operator or sigmaker typed is hostile text until it is escaped (architecture 6). */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fbfaf8; --card: #fff; --ink: #1d2327; --quiet: #667078; --line: #e3e1dc;
  --accent: #0a6e5c; --good: #2f9e78; --stale: #d9a21b; --bad: #cf4a3c; --planned: #6c8fd6; --none: #d9d7d2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181a; --card: #1b2023; --ink: #e6e8e6; --quiet: #98a3a8; --line: #2c3337;
    --accent: #5fd0b4; --good: #3fb58c; --stale: #dfb04a; --bad: #e2695c; --planned: #7f9fe0; --none: #363d41;
  }
}
* { box-sizing: border-box }
body {
  font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem;
}
header { display: flex; gap: 1.5rem; align-items: flex-start; justify-content: space-between }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.015em; margin: 0 0 .35rem }
h2 { font-size: 1.1rem; margin: 2.25rem 0 .6rem } p { margin: .5rem 0 }
.quiet { color: var(--quiet); font-size: .9rem } .lead { max-width: 44rem }
.logo { max-height: 4.5rem; max-width: 10rem }
a { color: var(--accent); text-underline-offset: .15em } code { font-size: .92em }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 1.25rem 0 0; padding: 0; list-style: none }
.facts b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums }
.facts li { color: var(--quiet); font-size: .9rem } .facts b { color: var(--ink) }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .25rem 1.1rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .6rem 1rem .6rem 0; border-bottom: 1px solid var(--line) }
tr:last-child td { border-bottom: 0 } td:last-child, th:last-child { padding-right: 0 }
th { font-weight: 600; font-size: .8rem; color: var(--quiet) } .number { text-align: right }
.state { white-space: nowrap } .state::before { content: ""; display: inline-block; width: .6rem; height: .6rem;
  border-radius: 50%; margin-right: .5rem; background: var(--none) }
.up::before { background: var(--good) } .old::before { background: var(--stale) }
.down::before, .removed::before { background: var(--bad) } .planned::before { background: var(--planned) }
.why { display: block; font-size: .85rem; color: var(--quiet); overflow-wrap: anywhere }
.when { white-space: nowrap } .strip { display: block; width: 140px; height: 24px } .strip rect { fill: var(--none) }
.strip .good { fill: var(--good) } .strip .stale { fill: var(--stale) }
.strip .bad { fill: var(--bad) } .strip .planned { fill: var(--planned) }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem } .legend .strip { display: inline; width: 10px }
.chips { display: flex; flex-wrap: wrap; gap: .35rem .9rem; font-size: .9rem }
@media (max-width: 40rem) {
  body { padding-top: 1.5rem } .card { padding: .25rem .9rem }
  table, tbody, tr, td { display: block } tr:first-child { display: none }
  tr { padding: .7rem 0; border-bottom: 1px solid var(--line) } tr:last-child { border-bottom: 0 }
  td { padding: .1rem 0; border: 0 } td[data-title]::before { content: attr(data-title) " "; color: var(--quiet) }
  .number { text-align: left } .strip { margin: .35rem 0 }
}`.trim()

/** A page that needs no script and nothing from elsewhere, in the reader's light or dark, on any screen. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="alternate" type="application/atom+xml" title="News" href="news.atom">
<style>
${STYLE}
</style>
</head>
<body>
${body}
</body>
</html>
`
}

export interface Column {
  readonly title: string
  readonly number?: boolean
  /** On a small screen the cell says by itself what it is. */
  readonly isPlain?: boolean
}

/** Cells are HTML already. On a small screen each row becomes a block. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const kind = (at: number) => (columns[at]?.number === true ? ' class="number"' : '')
  const named = (at: number) =>
    columns[at]?.isPlain === true ? '' : ` data-title="${escapeHtml(columns[at]?.title ?? '')}"`
  const head = columns.map(({ title }, at) => `<th${kind(at)}>${escapeHtml(title)}</th>`).join('')
  const body = rows
    .map(
      (row) =>
        `<tr>${row.map((cell, at) => `<td${kind(at)}${named(at)}>${cell}</td>`).join('')}</tr>`,
    )
    .join('\n')
  return `<div class="card"><table>\n<tr>${head}</tr>\n${body}\n</table></div>`
}

/** Numbers that a reader looks for first. */
export function facts(list: readonly (readonly [string | number, string])[]): string {
  const items = list.map(
    ([value, name]) => `<li><b>${escapeHtml(String(value))}</b>${escapeHtml(name)}</li>`,
  )
  return `<ul class="facts">${items.join('')}</ul>`
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** `1.2 GB`, with a space that does not break. */
export function bytesWords(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)}\u00a0${UNITS[power]}`
}
