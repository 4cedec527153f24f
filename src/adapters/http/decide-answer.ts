/**
 * What a GET or HEAD of an existing file is answered with. A pure rule over the request's fields and the file's
 * length and date (RFC 9110 13.2.2 and 14, formats.md 5.5).
 */
import type { EpochSeconds } from '#base/time.ts'
import { parseHttpDate } from './http-date.ts'

/** The fields that decide. Names as Node gives them. */
export interface Conditions {
  readonly range?: string | undefined
  readonly 'if-range'?: string | undefined
  readonly 'if-modified-since'?: string | undefined
  readonly 'if-none-match'?: string | undefined
}

export type Answer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly from: number; readonly bytes: number }
  | { readonly kind: 'not-modified' }
  | { readonly kind: 'no-such-part' }

interface Asked {
  readonly method: 'GET' | 'HEAD'
  readonly path: string
  readonly conditions: Conditions
}

interface Offered {
  readonly bytes: number
  readonly lastModified: EpochSeconds
}

const VERSIONED_DATABASE = /\.(?:cvd|cld)$/
const ONE_RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/

export function decideAnswer(asked: Asked, file: Offered): Answer {
  const { conditions } = asked
  if (honoursDate(asked) && conditions['if-none-match'] === undefined) {
    const since = parseHttpDate(conditions['if-modified-since'] ?? '')
    if (since !== undefined && file.lastModified <= since) return { kind: 'not-modified' }
  }
  if (asked.method === 'HEAD' || conditions.range === undefined) return { kind: 'whole' }
  const ifRange = conditions['if-range']
  if (ifRange !== undefined && parseHttpDate(ifRange) !== file.lastModified)
    return { kind: 'whole' }
  return part(conditions.range, file.bytes)
}

/**
 * If-Modified-Since counts on every request but one: the whole of a `.cvd`. There, a 304 does harm in two ways.
 * A freshclam whose DNS is two versions ahead of us, with no patches on offer, asks for the whole file and ends its
 * run on a 304, skipping the other databases (formats.md 5.5). And a `.cvd` fetched by `DatabaseCustomURL` is asked
 * for with the time of the last *download*, which is later than the build time of a version that was built before
 * and published after it: that client would never see it (formats.md 5.7). The cheap check of an up-to-date
 * freshclam is a Range request, so what this costs is small.
 */
function honoursDate({ conditions, method, path }: Asked): boolean {
  return method === 'HEAD' || conditions.range !== undefined || !VERSIONED_DATABASE.test(path)
}

/** One range is served. Several, or something that is not a byte range, get the whole file, as a server may (14.2). */
function part(range: string, bytes: number): Answer {
  const match = ONE_RANGE.exec(range.replaceAll(/[ \t]/g, ''))
  if (!match) return { kind: 'whole' }
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return { kind: 'whole' }
  if (first === '') {
    const suffix = Math.min(Number(last), bytes)
    if (suffix === 0) return { kind: 'no-such-part' }
    return { kind: 'part', from: bytes - suffix, bytes: suffix }
  }
  const from = Number(first)
  if (last !== '' && Number(last) < from) return { kind: 'whole' }
  if (from >= bytes) return { kind: 'no-such-part' }
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  return { kind: 'part', from, bytes: end - from + 1 }
}
