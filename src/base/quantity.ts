/**
 * Durations and sizes as people write them in settings: `6h`, `30s`, `500ms`, `1h 30m`; `512 MiB`, `1.5 GiB`, `10 GB`.
 * A number without a unit is refused: whoever reads it would have to guess.
 */
const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const SIZE_UNITS = {
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const

const DURATION = /^(?:\d{1,9}(?:ms|s|m|h|d)(?: (?!$)|$))+$/
const SIZE = /^(\d{1,9}(?:\.\d{1,3})?) ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/

/** Milliseconds; undefined when it is no duration. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined
  const parts = text.split(' ').map((part) => {
    const unit = Object.entries(DURATION_UNITS).find(
      ([name]) => part === `${Number.parseInt(part, 10)}${name}`,
    )
    return unit === undefined ? Number.NaN : Number.parseInt(part, 10) * unit[1]
  })
  const ms = parts.reduce((sum, part) => sum + part, 0)
  return Number.isSafeInteger(ms) ? ms : undefined
}

export function printDuration(ms: number): string {
  let left = Math.round(ms)
  const parts: string[] = []
  for (const [name, unit] of Object.entries(DURATION_UNITS).reverse()) {
    const count = Math.floor(left / unit)
    if (count > 0) parts.push(`${count}${name}`)
    left -= count * unit
  }
  return parts.length === 0 ? '0s' : parts.join(' ')
}

/** Bytes; undefined when it is no size, or no whole number of bytes. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text)
  const unit = Object.entries(SIZE_UNITS).find(([name]) => name === match?.[2])?.[1]
  if (match === null || unit === undefined) return undefined
  const bytes = Number(match[1]) * unit
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** In the largest unit of 1024 that gives a whole number. */
export function printSize(bytes: number): string {
  const units = ['TiB', 'GiB', 'MiB', 'KiB'] as const
  const unit = units.find((name) => bytes >= SIZE_UNITS[name] && bytes % SIZE_UNITS[name] === 0)
  return unit === undefined ? `${bytes} B` : `${bytes / SIZE_UNITS[unit]} ${unit}`
}
