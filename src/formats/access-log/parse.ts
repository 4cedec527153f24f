/**
 * A line of the combined log format, of ours, nginx's, Apache's or lighttpd's. Written for millions of lines: one pass
 * by `indexOf`, and what repeats from line to line is remembered.
 */
import { epochMs } from '#base/time.ts'
import type { LoggedRequest } from './print.ts'

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'
/** `24/Nov/2026:13:20` */
const MINUTE_CHARS = 17
/** `24/Nov/2026:13:20:00 +0000` */
const TIME_CHARS = 26
const TIME = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d)$/

/** Undefined for a line that is not of this format: cut off, of another format, or an error message. */
export function parseLogLine(line: string): LoggedRequest | undefined {
  const fromEnd = line.indexOf(' ')
  // The user's name may have spaces in it, so the time is looked for by its bracket.
  const open = line.indexOf(' [', fromEnd)
  const close = open + 2 + TIME_CHARS
  if (fromEnd < 1 || open < 0 || line.charCodeAt(close) !== 0x5d) return undefined
  const at = parseTime(line.slice(open + 2, close))
  if (at === undefined || !line.startsWith(' "', close + 1)) return undefined
  const requestStart = close + 3
  const requestEnd = endOfText(line, requestStart)
  if (requestEnd < 0) return undefined
  const numbers = line.indexOf(' ', requestEnd + 2)
  const status = Number(line.slice(requestEnd + 2, numbers))
  const bytesEnd = endOfNumber(line, numbers + 1)
  const bytesText = line.slice(numbers + 1, bytesEnd)
  const bytesSent = bytesText === '-' ? 0 : Number(bytesText)
  if (numbers < 0 || !(status >= 100 && status < 1000) || !(bytesSent >= 0)) return undefined
  const refererStart = bytesEnd + 2
  const refererEnd = endOfText(line, refererStart)
  const agentStart = refererEnd + 3
  const agentEnd = refererEnd < 0 ? -1 : endOfText(line, agentStart)
  const request = line.slice(requestStart, requestEnd)
  return {
    at: epochMs(at),
    from: line.slice(0, fromEnd),
    ...splitRequest(request),
    status,
    bytesSent,
    referer: refererEnd < 0 ? '' : dashless(line.slice(refererStart, refererEnd)),
    agent: agentEnd < 0 ? '' : dashless(line.slice(agentStart, agentEnd)),
  }
}

function endOfNumber(line: string, from: number): number {
  const space = line.indexOf(' ', from)
  return space < 0 ? line.length : space
}

/** The place of the quotation mark that ends a text; a backslash hides the character after it. */
function endOfText(line: string, from: number): number {
  let at = line.indexOf('"', from)
  while (at > from && isHidden(line, at)) at = line.indexOf('"', at + 1)
  return at
}

function isHidden(line: string, at: number): boolean {
  let backslashes = 0
  while (line.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes++
  return backslashes % 2 === 1
}

function dashless(text: string): string {
  return text === '-' ? '' : text
}

function splitRequest(text: string): Pick<LoggedRequest, 'method' | 'target' | 'protocol'> {
  const first = text.indexOf(' ')
  const last = text.lastIndexOf(' ')
  // Not a request: what a TLS hello or a scanner left.
  if (first <= 0) return { method: '', target: '', protocol: '' }
  if (last === first)
    return { method: text.slice(0, first), target: text.slice(first + 1), protocol: '' }
  return {
    method: text.slice(0, first),
    target: text.slice(first + 1, last),
    protocol: text.slice(last + 1),
  }
}

let lastMinute = { text: '', zone: '', ms: 0 }

/** `24/Nov/2026:13:20:00 +0000` as milliseconds. */
function parseTime(text: string): number | undefined {
  const minute = text.slice(0, MINUTE_CHARS)
  const zone = text.slice(MINUTE_CHARS + 4)
  const seconds = Number(text.slice(MINUTE_CHARS + 1, MINUTE_CHARS + 3))
  if (!(seconds >= 0 && seconds <= 60)) return undefined
  if (minute !== lastMinute.text || zone !== lastMinute.zone) {
    const ms = parseMinute(minute, zone)
    if (ms === undefined) return undefined
    lastMinute = { text: minute, zone, ms }
  }
  return lastMinute.ms + seconds * 1000
}

function parseMinute(minute: string, zone: string): number | undefined {
  const match = TIME.exec(minute)
  const offset = /^([+-])(\d\d)(\d\d)$/.exec(zone)
  if (match === null || offset === null) return undefined
  const [, day, name = '', year, hours, minutes] = match
  const month = MONTHS.indexOf(name)
  if (month % 3 !== 0) return undefined
  const utc = Date.UTC(Number(year), month / 3, Number(day), Number(hours), Number(minutes))
  const east = (Number(offset[2]) * 60 + Number(offset[3])) * (offset[1] === '-' ? -1 : 1)
  return utc - east * 60_000
}
