import { describeJsonFault } from '#base/json.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { StatisticsPlace } from '#core/mirrors/index.ts'
import { type DayTraffic, totalsCodec } from '#core/statistics/index.ts'
import { get } from './get.ts'

const PATH = '/local_stats/totals.json'
/** 35 days of under a hundred bytes. */
const BYTES_MAX = 16 * 1024
const TOTAL_MS_MAX = 20_000
const IDLE_MS_MAX = 8_000

export interface FetchTotalsOptions {
  readonly signal: AbortSignal
  /** PEM of who may have signed the mirror's certificate, instead of those that Node trusts. */
  readonly authorities?: string
}

/**
 * The traffic that a mirror offers, or in words why there is none; many offer nothing, which is theirs to say. A redirect is
 * not followed, so that the password goes nowhere else. Throws the signal's reason only.
 */
export async function fetchTotals(
  place: StatisticsPlace,
  { signal, authorities }: FetchTotalsOptions,
): Promise<Outcome<readonly DayTraffic[], string>> {
  signal.throwIfAborted()
  const { host, port, user, password } = place
  const basic = Buffer.from(`${user}:${password}`).toString('base64')
  const name = (place.kind === 'tls' ? place.names[0] : undefined) ?? host
  const fields = { Host: name, Authorization: `Basic ${basic}` }
  const tls =
    place.kind === 'tls' ? { tls: { names: place.names, ...(authorities && { authorities }) } } : {}
  const both = AbortSignal.any([signal, AbortSignal.timeout(TOTAL_MS_MAX)])
  const bounds = { bytesMax: BYTES_MAX, idleMsMax: IDLE_MS_MAX, signal: both }
  try {
    const reply = await get({ host, port, path: PATH, fields, ...tls }, bounds)
    if (reply.status !== 200) return fail(`the answer is ${reply.status}`)
    if (reply.cut) return fail(`there are more than ${BYTES_MAX} bytes`)
    const read = totalsCodec.parse(Buffer.from(reply.body).toString('utf8'))
    return read.ok ? ok(read.value.days) : fail(describeJsonFault(read.fault))
  } catch (error) {
    signal.throwIfAborted()
    return fail(error instanceof Error ? error.message : String(error))
  }
}
