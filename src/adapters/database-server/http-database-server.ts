/**
 * `DatabaseServer` over HTTP and HTTPS, for `cvdnet update` (formats.md 5.2, 5.4, 5.5).
 *
 * It asks as freshclam does, and beyond that it goes on where a download broke off, believes no length, and bounds the time
 * of everything. The disk's failures are thrown as `DiskError`, an aborted signal as its reason; all others are answers.
 */
import type { LookupFunction } from 'node:net'
import type { Dispatcher } from 'undici'
import { formatHttpDate } from '#formats/http-fields/index.ts'
import type { DatabaseServer, ServerAnswer, ServerQuestion } from '#ports/database-server.ts'
import { type Asker, ask, type Reply } from './ask.ts'
import { openLine, type ProxyOptions, proxyHost } from './line.ts'
import { beginPartial, type PartialFile, readPartial } from './partial-file.ts'
import { PACE, type Pace } from './patience.ts'
import { lengthOf, originOf, otherAnswer, partOf, restOf } from './read-reply.ts'
import { saveBody } from './save-body.ts'
import { Unreachable } from './unreachable.ts'

export interface HttpDatabaseServerOptions {
  /** User-Agent. */
  readonly agent: string
  /** freshclam's `ConnectTimeout`. */
  readonly connectMsMax: number
  /** freshclam's `ReceiveTimeout`: at least a byte in this time. */
  readonly silentMsMax: number
  readonly proxy?: ProxyOptions | undefined
  readonly localAddress?: string | undefined
  /** PEM of who may sign certificates. Absent: those that Node trusts. */
  readonly authorities?: string | undefined
  /** What a body must bring. Absent: half a kilobyte a second, over a minute. */
  readonly pace?: Pace
  /** How names are looked up. Absent: as the system does, so that `/etc/hosts` and `.local` are known. */
  readonly lookup?: LookupFunction
}

type Fields = Readonly<Record<string, string>>

export class HttpDatabaseServer implements DatabaseServer, AsyncDisposable {
  readonly #line: Dispatcher
  readonly #asker: Asker
  readonly #agent: string

  constructor({ agent, pace = PACE, ...options }: HttpDatabaseServerOptions) {
    const { connectMsMax, silentMsMax, proxy } = options
    this.#line = openLine(options)
    this.#agent = agent
    this.#asker = {
      ...{ line: this.#line, pace, connectMsMax, silentMsMax },
      proxy: proxy && proxyHost(proxy),
    }
  }

  start(question: ServerQuestion, bytesMax: number): Promise<ServerAnswer<Uint8Array>> {
    return answered(question.signal, async () => {
      using reply = await this.#ask(question, { Range: `bytes=0-${bytesMax - 1}` })
      // An empty file has no range.
      if (reply.status !== 416) return await readStart(reply, bytesMax)
      using whole = await this.#ask(question)
      return await readStart(whole, bytesMax)
    })
  }

  download(
    question: ServerQuestion,
    into: string,
    bytesMax: number,
  ): Promise<ServerAnswer<number>> {
    return answered(question.signal, async () => {
      const part = await readPartial(into, nameOf(question.url))
      const rest = part && (await this.#goOn(question, part, into, bytesMax))
      if (rest !== undefined) return rest
      using reply = await this.#ask(question)
      return await saveWhole(reply, question, into, bytesMax)
    })
  }

  /** Undefined when what is there cannot go on. */
  async #goOn(
    question: ServerQuestion,
    part: PartialFile,
    into: string,
    bytesMax: number,
  ): Promise<ServerAnswer<number> | undefined> {
    const { bytes, origin } = part
    using reply = await this.#ask(question, {
      Range: `bytes=${bytes}-`,
      'If-Range': origin.value,
    })
    if (reply.status === 416) return undefined
    if (reply.status !== 206) return await saveWhole(reply, question, into, bytesMax)
    const rest = restOf(reply, part)
    return rest && (await saveBody(reply, into, { from: bytes, said: rest.to + 1, bytesMax }))
  }

  #ask({ url, since, signal }: ServerQuestion, more: Fields = {}): Promise<Reply> {
    const fields = {
      ...more,
      'User-Agent': this.#agent,
      Accept: '*/*',
      ...(since !== undefined && { 'If-Modified-Since': formatHttpDate(since) }),
    }
    return ask(this.#asker, url, fields, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#line.destroy()
  }
}

/** What the caller or the disk did is thrown, what the server did is told. */
async function answered<Content>(
  signal: AbortSignal,
  work: () => Promise<ServerAnswer<Content>>,
): Promise<ServerAnswer<Content>> {
  signal.throwIfAborted()
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof Unreachable) return { kind: 'unreachable', reason: error.message }
    throw error
  }
}

async function readStart(reply: Reply, bytesMax: number): Promise<ServerAnswer<Uint8Array>> {
  const part = partOf(reply)
  if (part !== undefined && part.from !== 0) {
    throw new Unreachable(reply.place, `it sends from byte ${part.from} on instead of the start`)
  }
  const other = part === undefined ? otherAnswer(reply) : undefined
  if (other !== undefined) return other
  const said = part === undefined ? lengthOf(reply) : part.to + 1
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of reply.body) {
    pieces.push(piece)
    bytes += piece.byteLength
    if (bytes >= bytesMax) break
  }
  if (said !== undefined && bytes < Math.min(said, bytesMax)) {
    throw new Unreachable(reply.place, `only ${bytes} of ${said} bytes came`)
  }
  return { kind: 'found', content: new Uint8Array(Buffer.concat(pieces).subarray(0, bytesMax)) }
}

async function saveWhole(
  reply: Reply,
  { url }: ServerQuestion,
  into: string,
  bytesMax: number,
): Promise<ServerAnswer<number>> {
  if (reply.status === 206) {
    throw new Unreachable(reply.place, 'it sends a part, and the whole was asked for')
  }
  const other = otherAnswer(reply)
  if (other !== undefined) return other
  await beginPartial(into, originOf(reply, nameOf(url)))
  return await saveBody(reply, into, { from: 0, said: lengthOf(reply), bytesMax })
}

/** Notes on the disk have no logins. */
function nameOf({ origin, pathname, search }: URL): string {
  return `${origin}${pathname}${search}`
}
