/**
 * What a GET or HEAD of an existing file is answered with. A pure rule over the request's fields and the file's
 * length, date and tag (RFC 9110 13.2.2 and 14, formats.md 5.5).
 */
import type { EpochSeconds } from '#base/time.ts'
import { parseHttpDate } from '#formats/http-fields/index.ts'
import type { Conditions } from '../request/conditions.ts'

export type Answer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly from: number; readonly bytes: number }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'no-such-part' }

interface Asked {
  readonly method: 'GET' | 'HEAD'
  readonly path: string
  readonly conditions: Conditions
  /** Seconds since 1970. */
  readonly now: number
}

interface Offered {
  readonly bytes: number
  readonly lastModified: EpochSeconds
  /** The same as `formatHttpDate` prints it, which is what a client up to date sends back. */
  readonly date: string
  /** With its quotes. */
  readonly tag: string
}

const WHOLE: Answer = { kind: 'whole' }
const NOT_MODIFIED: Answer = { kind: 'not-modified' }
const NO_SUCH_PART: Answer = { kind: 'no-such-part' }
const ONE_RANGE = /^bytes=(\d*)-(\d*)$/i

export function decideAnswer(asked: Asked, file: Offered): Answer {
  const { conditions } = asked
  const tags = conditions['if-none-match']
  if (tags !== undefined) {
    if (namesTag(tags, file.tag)) return NOT_MODIFIED
  } else if (conditions['if-modified-since'] !== undefined && honoursDate(asked)) {
    if (isNotNewer(file, conditions['if-modified-since'], asked.now)) return NOT_MODIFIED
  }
  if (asked.method === 'HEAD' || conditions.range === undefined) return WHOLE
  const ifRange = conditions['if-range']
  if (ifRange !== undefined && ifRange !== file.tag && parseHttpDate(ifRange) !== file.lastModified)
    return WHOLE
  return part(conditions.range, file.bytes)
}

/**
 * A date that is still to come says nothing: it is of a clock that was wrong when a custom database was
 * fetched, and to believe it would keep every later version from that client until then (formats.md 5.7).
 */
function isNotNewer({ date, lastModified }: Offered, than: string, now: number): boolean {
  if (date === than) return true
  const since = parseHttpDate(than)
  return since !== undefined && lastModified <= since && since <= now
}

/**
 * If-Modified-Since counts on every request but one: the whole of a `.cvd`. There, a 304 does harm in two ways.
 * A freshclam whose DNS is two versions ahead of us, with no patches on offer, asks for the whole file and ends its
 * run on a 304, skipping the other databases (formats.md 5.5). And a `.cvd` fetched by `DatabaseCustomURL` is asked
 * for with the time of the last *download*, which is later than the build time of a version that was built before
 * and published after it: that client would never see it (formats.md 5.7). The cheap check of an up-to-date
 * freshclam is a Range request, so what this costs is small. A tag has no such trouble: it names the content.
 */
function honoursDate({ conditions, method, path }: Asked): boolean {
  return method === 'HEAD' || conditions.range !== undefined || !isVersioned(path)
}

function isVersioned(path: string): boolean {
  return path.endsWith('.cvd') || path.endsWith('.cld')
}

/** Compared weakly, as If-None-Match is (RFC 9110 13.1.2). Our tags have no commas in them. */
function namesTag(list: string, tag: string): boolean {
  if (list === tag) return true
  return list.split(',').some((one) => {
    const named = one.trim()
    return named === '*' || (named.startsWith('W/') ? named.slice(2) : named) === tag
  })
}

/** One range is served. Several, or something that is not a byte range, get the whole file, as a server may (14.2). */
function part(range: string, bytes: number): Answer {
  const match = ONE_RANGE.exec(range) ?? ONE_RANGE.exec(range.replaceAll(/[ \t]/g, ''))
  if (!match) return WHOLE
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return WHOLE
  if (first === '') {
    const suffix = Math.min(Number(last), bytes)
    if (suffix === 0) return NO_SUCH_PART
    return { kind: 'part', from: bytes - suffix, bytes: suffix }
  }
  const from = Number(first)
  if (last !== '' && Number(last) < from) return WHOLE
  if (from >= bytes) return NO_SUCH_PART
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  return { kind: 'part', from, bytes: end - from + 1 }
}
