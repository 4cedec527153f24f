import {
  type Answer,
  type ByName,
  type Finding,
  judgeConditional,
  judgeMissing,
  judgeNames,
  judgeRange,
  judgeRedirects,
  judgeSpeed,
  judgeTimestamp,
  judgeWebPort,
  type PointName,
  RANGE_BYTES,
  TIMESTAMP_BYTES_MAX,
} from '#core/inspection/index.ts'
import type { Timestamp } from '#formats/timestamp-file/index.ts'
import { ask, type Question } from './ask.ts'

/** A mirror's web server, at one of its addresses. */
export interface WebMirror {
  readonly address: string
  readonly port: number
  /** Every name that it is to answer for, without a star; the first is what clients use. */
  readonly names: readonly string[]
  /** The largest database of the newest release; undefined when there is none yet. */
  readonly largest: string | undefined
  /** What a synced mirror shows. */
  readonly wanted: Pick<Timestamp, 'serial' | 'generation'> | undefined
  /** R32. */
  readonly mbitMin: number
}

export type WebFindings = readonly (readonly [PointName, Finding])[]

/** Enough to fill the line for a second at 100 Mbit/s, and no more than an operator forgives. */
const SPEED_BYTES_MAX = 12 * 1024 * 1024
const SPEED_MS_MAX = 8_000
const ANY_BYTES_MAX = 1024
/** No publisher uses it. */
const MISSING_PATH = '/cvdnet-asks-for-what-is-not-there'
const LOCAL_PATHS = ['/local_logo.png', '/local_stats/']

export async function lookAtWeb(mirror: WebMirror, signal: AbortSignal): Promise<WebFindings> {
  const { names, largest, wanted, mbitMin } = mirror
  const get = getter(mirror, signal)
  const front = await get({ path: '/', bytesMax: ANY_BYTES_MAX })
  if (front.kind === 'none') return [['web port', judgeWebPort(front)]]
  const stamps: (readonly [string, Answer])[] = []
  for (const host of names) {
    stamps.push([host, await get({ host, path: '/timestamp', bytesMax: TIMESTAMP_BYTES_MAX })])
  }
  const [, stamp = front] = stamps[0] ?? []
  const missing = await get({ path: MISSING_PATH, bytesMax: ANY_BYTES_MAX })
  const file = await lookAtFile(get, largest)
  return [
    ['web port', judgeWebPort(front)],
    ['names', judgeNames(stamps)],
    ['no redirect', judgeRedirects([...stamps, [names[0] ?? '', front]])],
    ['missing files', judgeMissing(missing)],
    ['range', judgeRange(file?.range)],
    ['conditional', judgeConditional(file?.dated, file?.conditional)],
    ['speed', judgeSpeed(file?.whole, mbitMin)],
    ['timestamp', judgeTimestamp(stamp, wanted)],
  ]
}

/** What of the operator's own shows from outside. */
export async function lookAtLocalFiles(mirror: WebMirror, signal: AbortSignal): Promise<ByName> {
  const get = getter(mirror, signal)
  const found: (readonly [string, Answer])[] = []
  for (const path of LOCAL_PATHS) found.push([path, await get({ path, bytesMax: ANY_BYTES_MAX })])
  return found
}

interface FileLook {
  readonly range: Answer
  readonly dated: string | undefined
  readonly conditional: Answer | undefined
  readonly whole: Answer | undefined
}

async function lookAtFile(get: Get, largest: string | undefined): Promise<FileLook | undefined> {
  if (largest === undefined) return undefined
  const path = `/${largest}`
  const fields = { Range: `bytes=0-${RANGE_BYTES - 1}` }
  const range = await get({ path, fields, bytesMax: RANGE_BYTES })
  if (range.kind === 'none' || (range.status !== 200 && range.status !== 206)) {
    return { range, dated: undefined, conditional: undefined, whole: undefined }
  }
  const dated = range.fields['last-modified']
  // As a freshclam asks that is up to date: both at once.
  const conditional = await get({
    path,
    fields: dated === undefined ? fields : { ...fields, 'If-Modified-Since': dated },
    bytesMax: RANGE_BYTES,
  })
  const whole = await get({ path, bytesMax: SPEED_BYTES_MAX, totalMs: SPEED_MS_MAX })
  return { range, dated, conditional, whole }
}

type Get = (
  question: Partial<Question> & { readonly path: string; readonly bytesMax: number },
) => Promise<Answer>

function getter({ address, port, names }: WebMirror, signal: AbortSignal): Get {
  const [host = address] = names
  return (question) => ask({ address, port, host, ...question }, signal)
}
