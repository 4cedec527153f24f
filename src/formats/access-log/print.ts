/**
 * The combined log format of NCSA httpd, as Apache, nginx and lighttpd write it and Webalizer and AWStats read it:
 *
 *     192.0.2.7 - - [24/Nov/2026:13:20:00 +0000] "GET /daily.cvd HTTP/1.1" 206 512 "-" "ClamAV/1.4.6 (…)"
 *
 * The bytes are those of the body that were really sent. What came from a client is escaped as nginx does, so that no
 * request can forge a line.
 */
import type { EpochMs } from '#base/time.ts'

export interface LoggedRequest {
  readonly at: EpochMs
  /** The client's address. */
  readonly from: string
  readonly method: string
  readonly target: string
  /** `HTTP/1.1`. */
  readonly protocol: string
  readonly status: number
  /** Of the body. */
  readonly bytesSent: number
  readonly referer: string
  readonly agent: string
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const ORDINARY = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
const SPECIAL = /[^\x20\x21\x23-\x5b\x5d-\x7e]/g
/** A longer text is cut: the log is for people and counters, and the head's bound is 8 KiB. */
const FIELD_CHARS_MAX = 1024

/** One line with its end. */
export function printLogLine(request: LoggedRequest): string {
  const { method, target, protocol, status, bytesSent } = request
  const line = escaped(`${method} ${target} ${protocol}`)
  const about = `"${escaped(request.referer) || '-'}" "${escaped(request.agent) || '-'}"`
  return `${request.from || '-'} - - ${time(request.at)} "${line}" ${status} ${bytesSent} ${about}\n`
}

function escaped(text: string): string {
  const short = text.length > FIELD_CHARS_MAX ? text.slice(0, FIELD_CHARS_MAX) : text
  if (ORDINARY.test(short)) return short
  return short.replace(SPECIAL, (one) => {
    return `\\x${(one.charCodeAt(0) & 0xff).toString(16).toUpperCase().padStart(2, '0')}`
  })
}

let printed = { second: -1, text: '' }

/** Always UTC; most lines are of the same second as the one before. */
function time(at: EpochMs): string {
  const second = Math.floor(at / 1000)
  if (second === printed.second) return printed.text
  const date = new Date(second * 1000)
  const [hours, minutes, seconds] = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  const text = `[${day}:${two(hours)}:${two(minutes)}:${two(seconds)} +0000]`
  printed = { second, text }
  return text
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
