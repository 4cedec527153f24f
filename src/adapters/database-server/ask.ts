/** One GET with its redirects. Whoever has the answer disposes of it, and with it of the connection. */
import { on } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { basicLogin } from './line.ts'
import { type Pace, Patience, TooSlowError } from './patience.ts'
import { describeFailure, proxyStatus, Unreachable, type Waits } from './unreachable.ts'

/** As freshclam's (formats.md 5.5). */
const REDIRECTS_MAX = 3
/** Of at most 64 kB each: what the disk may be behind. */
const WAITING_PIECES_MAX = 16
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export interface Asker extends Waits {
  readonly line: Dispatcher
  readonly pace: Pace
  /** `host:port`, when there is one. */
  readonly proxy: string | undefined
}

export interface Reply extends Disposable {
  /** Who answered, for messages. */
  readonly place: string
  readonly status: number
  /** Undefined for a field that is not there. One that came twice is a list, which no reader of single values takes. */
  field(name: string): string | undefined
  /** Throws `Unreachable` when it breaks off. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Throws `Unreachable`, after an abort too. */
export async function ask(
  asker: Asker,
  url: URL,
  fields: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Reply> {
  let at = url
  for (let redirects = 0; ; redirects += 1) {
    const place = placeOf(asker, at, url)
    // Whoever is redirected to gets no login.
    const login = at.origin === url.origin ? loginOf(url) : {}
    const reply = await askOnce(asker, { place, at, fields: { ...fields, ...login }, signal })
    if (!REDIRECTS.has(reply.status)) return reply
    reply[Symbol.dispose]()
    if (redirects === REDIRECTS_MAX) {
      throw new Unreachable(place, `it redirects once more than the ${REDIRECTS_MAX} times allowed`)
    }
    at = redirected(place, at, reply)
  }
}

interface Question {
  readonly place: string
  readonly at: URL
  readonly fields: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

async function askOnce(asker: Asker, { place, at, fields, signal }: Question): Promise<Reply> {
  const { line, pace, connectMsMax, silentMsMax } = asker
  // Twice, as there may be a proxy to be reached first.
  const patience = new Patience(signal, 2 * (connectMsMax + silentMsMax), pace)
  const failed = (error: unknown) => failure(asker, place, error)
  try {
    const { statusCode, headers, body } = await line.request({
      origin: at.origin,
      path: `${at.pathname}${at.search}`,
      method: 'GET',
      headers: fields,
      headersTimeout: silentMsMax,
      bodyTimeout: silentMsMax,
      reset: true,
      signal: patience.signal,
    })
    patience.headIsThere()
    body.on('error', () => {})
    // Other ways to read a stream throw away what waits in it when it breaks off.
    const marks = { highWaterMark: WAITING_PIECES_MAX, lowWaterMark: 1 }
    const pieces = on(body, 'data', { close: ['end'], ...marks })
    return {
      place,
      status: statusCode,
      field: (name) => fieldOf(headers, name),
      body: watched(pieces, patience, failed),
      [Symbol.dispose]() {
        patience[Symbol.dispose]()
        body.destroy()
      },
    }
  } catch (error) {
    patience[Symbol.dispose]()
    throw failed(error)
  }
}

async function* watched(
  pieces: AsyncIterable<readonly unknown[]>,
  patience: Patience,
  failed: (error: unknown) => Unreachable,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const [piece] of pieces) {
      if (!(piece instanceof Uint8Array)) continue
      patience.count(piece.byteLength)
      yield piece
    }
  } catch (error) {
    throw failed(error)
  }
}

function fieldOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : value?.join(', ')
}

function failure(asker: Asker, place: string, cause: unknown): Unreachable {
  if (cause instanceof TooSlowError) return new Unreachable(place, cause.message, { cause })
  const status = asker.proxy === undefined ? undefined : proxyStatus(cause)
  if (status === 407) return new Unreachable(place, 'the proxy refuses the login', { cause })
  if (status !== undefined) {
    return new Unreachable(place, `the proxy does not connect and answers ${status}`, { cause })
  }
  return new Unreachable(place, describeFailure(cause, asker), { cause })
}

function placeOf({ proxy }: Asker, at: URL, url: URL): string {
  const from = at === url ? '' : `, where ${withoutQuery(url)} leads`
  return `GET ${withoutQuery(at)}${from}${proxy === undefined ? '' : ` by the proxy ${proxy}`}`
}

/** Logins and tokens stay out of messages. */
function withoutQuery({ origin, pathname }: URL): string {
  return `${origin}${pathname}`
}

/** As curl, and so freshclam, sends what stands before the `@` of an address (RFC 7617). */
function loginOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {}
  return { Authorization: basicLogin(unescaped(username), unescaped(password)) }
}

/** A `%` that escapes nothing stands for itself. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function redirected(place: string, from: URL, reply: Reply): URL {
  const location = reply.field('location')
  const to = location === undefined ? null : URL.parse(location, from.href)
  if (to === null) throw new Unreachable(place, `it answers ${reply.status} and says not where to`)
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw new Unreachable(place, `it redirects to ${to.protocol}, which is no HTTP`)
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new Unreachable(place, `it redirects from https to ${to.host} in the clear`)
  }
  return to
}
