import { epochSeconds } from '#base/time.ts'
import { formatHttpDate } from '#formats/http-fields/index.ts'

let dated = { second: 0, field: '' }

export function secondNow(): number {
  return Math.floor(Date.now() / 1000)
}

/** `Date: …` of this second, with its line's end. */
export function dateField(): string {
  const second = secondNow()
  if (second !== dated.second) {
    dated = { second, field: `Date: ${formatHttpDate(epochSeconds(second))}\r\n` }
  }
  return dated.field
}
