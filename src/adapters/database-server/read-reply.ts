/** What the head of an answer means. Nothing here reads its body. */

import { systemClock } from '#adapters/system/index.ts'
import { type EpochSeconds, toSeconds } from '#base/time.ts'
import {
  type ContentRange,
  parseContentRange,
  parseHttpDate,
  parseRetryAfter,
} from '#formats/http-fields/index.ts'
import type { ServerAnswer } from '#ports/database-server.ts'
import type { Reply } from './ask.ts'
import type { Origin, PartialFile } from './partial-file.ts'
import { Unreachable } from './unreachable.ts'

/** Where a wait may be told, and means that one shall come back. */
const WAITS: ReadonlySet<number> = new Set([403, 429, 503])

/** The answer when it is not the file; undefined when it is. Throws `Unreachable` where it is the file in disguise. */
export function otherAnswer(reply: Reply): ServerAnswer<never> | undefined {
  const { status } = reply
  if (status === 304) return { kind: 'not-modified' }
  if (status === 200) return plain(reply)
  const wait = WAITS.has(status) ? reply.field('retry-after') : undefined
  const retryAfter = wait === undefined ? undefined : parseRetryAfter(wait, nowAt(reply))
  return { kind: 'refused', status, ...(retryAfter !== undefined && { retryAfter }) }
}

/** The range of a 206; undefined for another status. Throws `Unreachable` where it has none that can be understood. */
export function partOf(reply: Reply): ContentRange | undefined {
  if (reply.status !== 206) return undefined
  plain(reply)
  const said = reply.field('content-range') ?? ''
  const range = parseContentRange(said)
  if (range === undefined) {
    throw new Unreachable(reply.place, `it sends a part and does not say which: "${said}"`)
  }
  return range
}

/** The range of a 206 when it is the whole rest of what is there; undefined when the two do not fit. */
export function restOf(reply: Reply, { bytes, origin }: PartialFile): ContentRange | undefined {
  plain(reply)
  const range = parseContentRange(reply.field('content-range') ?? '')
  const whole = range?.length ?? origin.bytes
  const isSame = [undefined, origin.value].includes(reply.field(origin.field))
  const isOfLength = origin.bytes === undefined || origin.bytes === whole
  return isSame && isOfLength && range?.from === bytes && range.to + 1 === whole ? range : undefined
}

/** What the body's length is said to be. Undefined for one that ends with the connection or in chunks. */
export function lengthOf(reply: Reply): number | undefined {
  const length = reply.field('content-length')
  if (length === undefined) return undefined
  if (!/^\d{1,15}$/.test(length)) {
    throw new Unreachable(reply.place, `it sends content of length "${length}"`)
  }
  return Number(length)
}

/** What a later question for the rest may name (RFC 9110 8.8.1, 13.1.5); undefined when nothing is good enough. */
export function originOf(reply: Reply, url: string): Origin | undefined {
  const bytes = lengthOf(reply)
  const etag = reply.field('etag')
  if (etag !== undefined && /^"[^"]*"$/.test(etag))
    return { url, field: 'etag', value: etag, bytes }
  const value = reply.field('last-modified') ?? ''
  const modified = parseHttpDate(value)
  const date = parseHttpDate(reply.field('date') ?? '')
  // Within the second in which a file was changed, it can be changed again.
  const isStrong = modified !== undefined && date !== undefined && date > modified
  return isStrong ? { url, field: 'last-modified', value, bytes } : undefined
}

/** Nobody asked for packed content, and a packed database is none. */
function plain(reply: Reply): undefined {
  const coding = reply.field('content-encoding') ?? 'identity'
  const transfer = reply.field('transfer-encoding') ?? 'chunked'
  for (const name of [coding, transfer]) {
    if (!/^(?:identity|chunked)$/i.test(name)) {
      throw new Unreachable(reply.place, `it sends content as ${name}, which nobody asked for`)
    }
  }
}

/** A wait until a date is reckoned by the clock of who told it. */
function nowAt(reply: Reply): EpochSeconds {
  return parseHttpDate(reply.field('date') ?? '') ?? toSeconds(systemClock.now())
}
