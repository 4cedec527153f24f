/**
 * The head of a plain request, read straight from what a socket gave. Plain is what freshclam of every age, curl,
 * browsers and proxies send: GET or HEAD of a path, fields of ordinary characters, no body, nothing that changes
 * the framing. Whatever is not plain is `unusual` and gets the full parser of Node, one answer, and a closed
 * connection; so nothing here has to be lenient, and two readings of one request cannot follow each other
 * (RFC 9112 11.2, request smuggling).
 */
import type { Conditions } from './conditions.ts'

export interface PlainRequest {
  readonly method: 'GET' | 'HEAD'
  readonly target: string
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1'
  readonly keepAlive: boolean
  readonly conditions: Conditions
  readonly agent: string
  readonly referer: string
  readonly forwardedFor: string
  readonly authorization: string
}

export type Head =
  | { readonly kind: 'plain'; readonly request: PlainRequest; readonly chars: number }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'unusual' }

const INCOMPLETE: Head = { kind: 'incomplete' }
const UNUSUAL: Head = { kind: 'unusual' }
/** freshclam sends 5 fields, browsers under 20. */
const FIELDS_MAX = 64
/** What a request can begin with; anything else need not be waited for. */
const METHODS = ['GET /', 'HEAD /'] as const
const REQUEST_LINE = /(GET|HEAD) (\/[\x21-\x7e]*) HTTP\/1\.([01])\r\n/y
/** The blanks around a value are taken off later: two repetitions that fit the same blanks would cost their square. */
const FIELD = /([!#$%&'*+.^_`|~\w-]+):([\t\x20-\x7e\x80-\xff]*)\r\n/y

/** `text` is latin1, a character a byte; `charsMax` bounds one head. */
export function readHead(text: string, charsMax: number): Head {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) {
    const isHopeful = METHODS.some((start) => start.startsWith(text.slice(0, start.length)))
    return isHopeful && text.length <= charsMax ? INCOMPLETE : UNUSUAL
  }
  if (end > charsMax) return UNUSUAL
  REQUEST_LINE.lastIndex = 0
  const line = REQUEST_LINE.exec(text)
  if (line === null) return UNUSUAL
  const [, method, target = '', minor] = line
  const fields = new Fields(minor === '1')
  let at = REQUEST_LINE.lastIndex
  for (let count = 0; at < end + 2; count++) {
    FIELD.lastIndex = at
    const field = FIELD.exec(text)
    if (field === null || count === FIELDS_MAX) return UNUSUAL
    if (!fields.take(field[1] ?? '', field[2] ?? '')) return UNUSUAL
    at = FIELD.lastIndex
  }
  return {
    kind: 'plain',
    chars: end + 4,
    request: {
      method: method === 'HEAD' ? 'HEAD' : 'GET',
      target,
      protocol: minor === '1' ? 'HTTP/1.1' : 'HTTP/1.0',
      keepAlive: fields.keepAlive,
      conditions: fields,
      agent: fields.agent ?? '',
      referer: fields.referer ?? '',
      forwardedFor: fields.forwardedFor ?? '',
      authorization: fields.authorization ?? '',
    },
  }
}

/** One shape for every request, which the engine rewards. */
class Fields implements Conditions {
  range: string | undefined = undefined
  'if-range': string | undefined = undefined
  'if-modified-since': string | undefined = undefined
  'if-none-match': string | undefined = undefined
  agent: string | undefined = undefined
  referer: string | undefined = undefined
  forwardedFor: string | undefined = undefined
  authorization: string | undefined = undefined
  keepAlive: boolean

  constructor(keepAlive: boolean) {
    this.keepAlive = keepAlive
  }

  /** False for a field that makes the request unusual. */
  take(name: string, value: string): boolean {
    switch (name.toLowerCase()) {
      case 'range':
        return this.#once('range', value)
      case 'if-range':
        return this.#once('if-range', value)
      case 'if-modified-since':
        return this.#once('if-modified-since', value)
      case 'if-none-match':
        return this.#once('if-none-match', value)
      case 'user-agent':
        return this.#once('agent', value)
      case 'referer':
        return this.#once('referer', value)
      case 'x-forwarded-for':
        return this.#once('forwardedFor', value)
      case 'authorization':
        return this.#once('authorization', value)
      case 'connection':
        return this.#connection(value.trim().toLowerCase())
      case 'content-length':
      case 'transfer-encoding':
      case 'expect':
      case 'upgrade':
      case 'te':
      case 'trailer':
        return false
      default:
        return true
    }
  }

  #once(key: Exclude<keyof Fields, 'take' | 'keepAlive'>, value: string): boolean {
    if (this[key] !== undefined) return false
    this[key] = value.trim()
    return true
  }

  #connection(value: string): boolean {
    if (value === 'close') this.keepAlive = false
    else if (value === 'keep-alive') this.keepAlive = true
    else return false
    return true
  }
}
