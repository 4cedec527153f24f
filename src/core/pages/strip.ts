import type { EpochMs } from '#base/time.ts'
import { epochSeconds, rfc3339 } from '#base/time.ts'
import { DAYS_KEPT, type DayMark, dayOf } from '../health/index.ts'

const DAY_SECONDS = 86_400
const STEP = 10
const WIDTH = 7
const HEIGHT = 24
/** Height tells as much as colour, for those who do not see it. */
const HEIGHTS: Readonly<Record<DayMark['worst'], number>> = {
  good: HEIGHT,
  planned: 16,
  stale: 12,
  bad: 6,
}
const NOTHING_HEIGHT = 2

/** Fourteen days as bars, today at the right; each says its day when pointed at. */
export function strip(days: readonly DayMark[], now: EpochMs): string {
  const today = dayOf(now)
  const bars = Array.from({ length: DAYS_KEPT }, (_, at) => {
    const day = today - DAYS_KEPT + 1 + at
    return bar(
      at * STEP,
      day,
      days.find((mark) => mark.day === day),
    )
  })
  const label = `the last ${DAYS_KEPT} days`
  return `<svg class="strip" viewBox="0 0 ${DAYS_KEPT * STEP} ${HEIGHT}" role="img" aria-label="${label}">${bars.join('')}</svg>`
}

/** One bar of a kind, for the legend. */
export function sampleBar(kind: DayMark['worst']): string {
  return `<svg class="strip" viewBox="0 0 ${STEP} ${HEIGHT}" aria-hidden="true">${rect(0, kind, '')}</svg>`
}

function bar(x: number, day: number, mark: DayMark | undefined): string {
  const date = rfc3339(epochSeconds(day * DAY_SECONDS)).slice(0, 10)
  if (mark === undefined) return rect(x, undefined, `${date}: not watched`)
  return rect(x, mark.worst, `${date}: ${mark.worst}${share(mark)}`)
}

/** In whole percent, and only where something failed: a page that changes with every look would be pushed for ever. */
function share({ good, bad }: DayMark): string {
  return bad === 0 ? '' : `, ${Math.floor((100 * good) / (good + bad))} % of the looks good`
}

function rect(x: number, kind: DayMark['worst'] | undefined, title: string): string {
  const height = kind === undefined ? NOTHING_HEIGHT : HEIGHTS[kind]
  const named = kind === undefined ? '' : ` class="${kind}"`
  const words = title === '' ? '' : `<title>${title}</title>`
  return `<rect${named} x="${x}" y="${HEIGHT - height}" width="${WIDTH}" height="${height}" rx="1.5">${words}</rect>`
}
