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
:root { color-scheme: light dark; --line: #8884; --quiet: #777; --accent: #0a6e5c }
@media (prefers-color-scheme: dark) { :root { --accent: #4cc9ae; --quiet: #999 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2.5rem auto; padding: 0 1.25rem }
h1 { font-size: 1.6rem; margin: 0 0 .25rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p { margin: .5rem 0 } .quiet { color: var(--quiet); font-size: .9rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600; font-size: .85rem; color: var(--quiet) } td.number, th.number { text-align: right }
a { color: var(--accent) } .wide { overflow-x: auto } .logo { float: right; max-height: 4rem }
code { font-size: .9em }`.trim()

/** A page that needs no script and nothing from elsewhere, in the reader's light or dark. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
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
}

/** Cells are HTML already. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const kind = (index: number) => (columns[index]?.number === true ? ' class="number"' : '')
  const head = columns.map(({ title }, at) => `<th${kind(at)}>${escapeHtml(title)}</th>`).join('')
  const body = rows
    .map((row) => `<tr>${row.map((cell, at) => `<td${kind(at)}>${cell}</td>`).join('')}</tr>`)
    .join('\n')
  return `<div class="wide"><table>\n<tr>${head}</tr>\n${body}\n</table></div>`
}
