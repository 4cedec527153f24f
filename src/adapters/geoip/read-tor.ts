import { readFileSync } from 'node:fs'
import { RangeTableBuilder } from '#core/places/index.ts'
import { parseTorGeoipLine } from '#formats/tor-geoip/index.ts'
import { GeoError, type PlaceData } from './source.ts'

/** Reads both files whole, some 28 MB. In its own thread. */
export function readTor(files: readonly string[]): PlaceData {
  const builder = new RangeTableBuilder()
  let madeAtMs: number | undefined
  let ranges = 0
  for (const file of files) {
    let number = 0
    for (const line of readFileSync(file, 'latin1').split('\n')) {
      number += 1
      const parsed = parseTorGeoipLine(line)
      if (!parsed.ok) throw bad(file, number, 'no range')
      if (parsed.value.kind === 'generated') madeAtMs = timeOf(parsed.value.at)
      if (parsed.value.kind !== 'range') continue
      if (!builder.add(parsed.value)) throw bad(file, number, 'a range before the one above it')
      ranges += 1
    }
  }
  return { table: builder.build(), madeAtMs, ranges }
}

function bad(file: string, line: number, what: string): GeoError {
  return new GeoError('bad-data', `use "${file}": line ${line} is ${what}`)
}

function timeOf(text: string): number | undefined {
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}
