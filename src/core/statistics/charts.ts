/** Charts as SVG inside of a page: no script, nothing from elsewhere, in the reader's light or dark. */
import { escapeHtml } from '../pages/index.ts'

export interface Bar {
  readonly label: string
  readonly value: number
  /** The value in words. */
  readonly words: string
  /** Drawn as a warning. */
  readonly isBad?: boolean
}

const WIDTH = 640
const BAR_HEIGHT = 22
const LABEL_WIDTH = 150
const WORDS_WIDTH = 110

/** A bar a line, the longest as wide as there is room. */
export function barChart(title: string, bars: readonly Bar[]): string {
  if (bars.length === 0) return '<p class="quiet">Nothing yet.</p>'
  const most = Math.max(1, ...bars.map(({ value }) => value))
  const room = WIDTH - LABEL_WIDTH - WORDS_WIDTH
  const lines = bars.map(({ label, value, words, isBad }, at) => {
    const width = value === 0 ? 0 : Math.max(2, (value / most) * room)
    const [y, middle] = [at * BAR_HEIGHT, at * BAR_HEIGHT + 15]
    const kind = isBad === true ? 'bar bad' : 'bar'
    return `<g><title>${escapeHtml(`${label}: ${words}`)}</title>
<text x="${LABEL_WIDTH - 8}" y="${middle}" text-anchor="end">${escapeHtml(label)}</text>
<rect class="${kind}" x="${LABEL_WIDTH}" y="${y + 3}" width="${width.toFixed(1)}" height="16" rx="2"/>
<text x="${(LABEL_WIDTH + width + 6).toFixed(1)}" y="${middle}" class="words">${escapeHtml(words)}</text></g>`
  })
  return svg(title, bars.length * BAR_HEIGHT, lines.join('\n'))
}

export interface Column {
  readonly label: string
  /** From the bottom up, in the order of the legend. */
  readonly parts: readonly number[]
  readonly words: string
}

const COLUMNS_HEIGHT = 160
const AXIS_HEIGHT = 20
/** For the words of the scale, above the highest column. */
const SCALE_HEIGHT = 18
const AXIS_LABEL_WIDTH = 64

/** Columns in a row, each of parts on top of each other. `kinds` are the parts' names. */
export function columnChart(
  title: string,
  kinds: readonly string[],
  columns: readonly Column[],
  scale: (value: number) => string,
): string {
  if (columns.length === 0) return '<p class="quiet">Nothing yet.</p>'
  const sums = columns.map(({ parts }) => parts.reduce((sum, part) => sum + part, 0))
  const most = Math.max(1, ...sums)
  const step = WIDTH / Math.max(columns.length, 14)
  const every = Math.ceil(AXIS_LABEL_WIDTH / step)
  const drawn = columns.map((column, at) => {
    const x = at * step
    const label =
      at % every === 0
        ? `<text x="${x.toFixed(1)}" y="${COLUMNS_HEIGHT + 15}">${escapeHtml(column.label)}</text>`
        : ''
    return `<g><title>${escapeHtml(`${column.label}: ${column.words}`)}</title>${stack(column.parts, { x, width: step - 2, most })}${label}</g>`
  })
  const line = `<path class="axis" d="M0 ${COLUMNS_HEIGHT}.5H${WIDTH}M0 ${SCALE_HEIGHT}.5H${WIDTH}"/><text x="${WIDTH}" y="12" text-anchor="end" class="words">${escapeHtml(scale(most))}</text>`
  const legend = kinds
    .map((kind, at) => `<span><i class="key part${at}"></i>${escapeHtml(kind)}</span>`)
    .join(' ')
  return `${svg(title, COLUMNS_HEIGHT + AXIS_HEIGHT, `${line}\n${drawn.join('\n')}`)}\n<p class="legend">${legend}</p>`
}

function stack(
  parts: readonly number[],
  { x, width, most }: { readonly x: number; readonly width: number; readonly most: number },
): string {
  let top = COLUMNS_HEIGHT
  return parts
    .map((part, at) => {
      const height = (part / most) * (COLUMNS_HEIGHT - SCALE_HEIGHT - 2)
      top -= height
      return height < 0.1
        ? ''
        : `<rect class="part${at}" x="${x.toFixed(1)}" y="${top.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}"/>`
    })
    .join('')
}

function svg(title: string, height: number, body: string): string {
  return `<div class="wide"><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">
${body}
</svg></div>`
}

export const CHART_STYLE = `<style>
svg { width: 100%; min-width: 30rem; max-width: 52rem; display: block; font: 12px system-ui, sans-serif }
svg text { fill: currentColor } svg .words { fill: var(--quiet) } svg .axis { stroke: var(--line); fill: none }
.bar { fill: var(--accent) } .bar.bad { fill: #c2410c }
.part0 { fill: #0a6e5c; background: #0a6e5c } .part1 { fill: #d97706; background: #d97706 }
.part2 { fill: #2563eb; background: #2563eb } .part3 { fill: #888; background: #888 }
@media (prefers-color-scheme: dark) { .bar.bad { fill: #fb923c } .part0 { fill: #4cc9ae; background: #4cc9ae }
.part1 { fill: #fbbf24; background: #fbbf24 } .part2 { fill: #7aa7ff; background: #7aa7ff } }
.legend { font-size: .85rem; color: var(--quiet) } .legend span { margin-right: 1rem; white-space: nowrap }
.key { display: inline-block; width: .7rem; height: .7rem; margin-right: .35rem; border-radius: 2px }
.big { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 1rem 0 } .big div { font-size: .85rem; color: var(--quiet) }
.big b { display: block; font-size: 1.5rem; color: CanvasText; font-variant-numeric: tabular-nums }
</style>`
