/**
 * One client on the fast path: plain requests are read and answered here, one after the other; the first that is not
 * plain takes the whole connection to the careful path (`request-head.ts` says which and why).
 */
import type { Socket } from 'node:net'
import { plainAddress } from '#core/limits/index.ts'
import { secondNow } from '../answer/date-field.ts'
import { decideAnswer } from '../answer/decide-answer.ts'
import { headText } from '../answer/head-text.ts'
import {
  CLIENTS_LOGIN,
  NOT_FOUND,
  type Plan,
  planAnswer,
  type Refusal,
  refusal,
} from '../answer/plan-answer.ts'
import { isLocal } from '../files/local-files.ts'
import { sendSpan } from '../files/send-file.ts'
import {
  GOODBYE_TIMEOUT_MS,
  HEAD_BYTES_MAX,
  HEAD_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  pieceTimeoutMs,
} from '../limits/bounds.ts'
import { readProxyHeader } from '../request/proxy-header.ts'
import { type PlainRequest, readHead } from '../request/request-head.ts'
import { pathOfTarget } from '../request/request-target.ts'
import type { CarefulPath } from './careful.ts'
import {
  type Exchange,
  type LargeAnswer,
  lastingOf,
  recordOf,
  type SmallAnswer,
} from './exchange.ts'
import { Patience } from './patience.ts'
import type { Service } from './service.ts'
import { View } from './view.ts'
import type { Watched } from './watch.ts'

/** What a client may send ahead while it is being answered. */
const AHEAD_CHARS_MAX = 2 * HEAD_BYTES_MAX
const NONE = Buffer.alloc(0)

type State = 'idle' | 'reading' | 'answering' | 'leaving' | 'handed-over'

export class PlainConnection implements Watched {
  deadline: number
  readonly #socket: Socket
  readonly #service: Service
  readonly #view: View
  readonly #careful: CarefulPath
  #from: string
  /** A PROXY header has to come first. */
  #isAnnounced: boolean
  #state: State = 'idle'
  /** What came and is not answered yet: latin1, a character a byte. */
  #ahead = ''
  #isHalfClosed = false
  /** Of the large answer that is under way. */
  #patience: Patience | undefined

  constructor(socket: Socket, service: Service, careful: CarefulPath) {
    this.#socket = socket
    this.#service = service
    this.#view = new View(service.source)
    this.#careful = careful
    this.#from = plainAddress(socket.remoteAddress ?? '')
    this.#isAnnounced = !service.fronts.sendsProxyHeader(this.#from)
    this.deadline = service.watch.now + HEAD_TIMEOUT_MS
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
    service.watch.add(this)
  }

  /** Idle connections end at once, the others with their answer. */
  close(): void {
    if (this.#isFree()) this.#leave()
    else if (this.#state === 'answering') this.#isHalfClosed = true
  }

  get isIdle(): boolean {
    return this.#state === 'idle'
  }

  destroy(): void {
    this.#socket.destroy()
  }

  onLate(): void {
    if (this.#state === 'reading') this.#refuseAndLeave(refusal(408))
    else if (this.#state === 'idle') this.#leave()
    else this.#waitOn()
  }

  /** One answer for a client that there is no room for. */
  turnAway(answer: Refusal): void {
    this.#refuseAndLeave(answer)
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#state === 'leaving') return
    this.#ahead += bytes.toString('latin1')
    if (this.#isFree()) this.#next()
    else if (this.#ahead.length > AHEAD_CHARS_MAX) this.#socket.pause()
  }

  readonly #onEnd = (): void => {
    this.#isHalfClosed = true
    if (this.#isFree()) this.#leave()
  }

  // A client that goes is no event; 'close' follows.
  readonly #onError = (): void => {}

  readonly #onStalled = (): void => this.destroy()

  readonly #onClose = (): void => this.#service.watch.delete(this)

  #next(): void {
    if (!this.#isAnnounced && !this.#readAnnouncement()) return
    if (this.#ahead === '' || !this.#isFree()) return
    const head = readHead(this.#ahead, HEAD_BYTES_MAX)
    if (head.kind === 'incomplete') {
      if (this.#state === 'idle') this.deadline = this.#service.watch.now + HEAD_TIMEOUT_MS
      this.#state = 'reading'
      return
    }
    const path = head.kind === 'plain' ? pathOfTarget(head.request.target) : undefined
    if (head.kind === 'unusual' || (path !== undefined && isLocal(path))) {
      this.#handOver()
      return
    }
    this.#ahead = this.#ahead.slice(head.chars)
    this.#state = 'answering'
    this.#answer(head.request, path)
  }

  /** Whom the front speaks for. False: not known yet, or never. */
  #readAnnouncement(): boolean {
    const header = readProxyHeader(this.#ahead)
    if (header.kind === 'bad') this.#socket.destroy()
    if (header.kind !== 'header') return false
    this.#ahead = this.#ahead.slice(header.chars)
    this.#from = header.source ?? this.#from
    this.#isAnnounced = true
    return true
  }

  #handOver(): void {
    const socket = this.#socket
    // Nothing more can be read from a client that has closed its half, by nobody.
    if (this.#isHalfClosed) {
      this.#leave()
      return
    }
    this.#state = 'handed-over'
    socket.off('data', this.#onData).off('end', this.#onEnd)
    socket.off('error', this.#onError).off('close', this.#onClose)
    this.#service.watch.delete(this)
    socket.pause()
    socket.unshift(Buffer.from(this.#ahead, 'latin1'))
    this.#careful(socket, this.#from)
  }

  #answer(request: PlainRequest, path: string | undefined): void {
    const name = path === undefined ? undefined : path || 'index.html'
    const { snapshot, isLast } = this.#view.get(name)
    const file = name === undefined ? undefined : snapshot?.files.get(name)
    const from = this.#service.fronts.clientOf(this.#from, request.forwardedFor)
    const exchange = { request, from, at: Date.now(), keepAlive: request.keepAlive && !isLast }
    const isLetIn = this.#service.clients?.lets(request.authorization) !== false
    if (!isLetIn || path === undefined || file === undefined) {
      this.#refuse(exchange, isLetIn ? NOT_FOUND : CLIENTS_LOGIN)
      return
    }
    const { method, conditions } = request
    const plan = planAnswer(
      decideAnswer({ method, path, conditions, now: secondNow() }, file),
      file,
    )
    const span = method === 'HEAD' ? undefined : plan.span
    const end = span === undefined ? 0 : span.from + span.bytes
    const isWhole = span?.bytes === file.bytes
    const isAsked =
      end > file.start.length || (isWhole && this.#service.admission.limits(path || 'index.html'))
    if (isAsked && span !== undefined) {
      const sent = this.#sendLarge(exchange, plan, { path, file, span })
      this.#service.follow(sent.catch(() => this.#socket.destroy()))
      return
    }
    const body = span === undefined ? NONE : file.start.subarray(span.from, end)
    const bytes = this.#service.prepared.get(file, plan, lastingOf(exchange), body)
    this.#sendSmall(exchange, { status: plan.status, bytes, bodyBytes: body.length })
  }

  #refuse(exchange: Exchange, { status, fields, body }: Refusal): void {
    const sent = exchange.request.method === 'HEAD' ? '' : body
    const text = headText(status, fields, lastingOf(exchange)) + sent
    this.#sendSmall(exchange, {
      status,
      bytes: Buffer.from(text, 'latin1'),
      bodyBytes: sent.length,
    })
  }

  /** Head and body in one write: clients of 2003 read once and want the whole head in that (formats.md 6.3). */
  #sendSmall(exchange: Exchange, { status, bytes, bodyBytes }: SmallAnswer): void {
    this.deadline = this.#service.watch.now + pieceTimeoutMs(bytes.length)
    this.#service.turnEnd.add(() => {
      const isKeptUp = this.#socket.write(bytes, (error) => {
        const sent = error ? { bytes: 0, complete: false } : { bytes: bodyBytes, complete: true }
        this.#service.onRequest(recordOf(exchange, status, sent))
        if (!isKeptUp) this.#done(exchange)
      })
      // A client that sends requests without reading the answers is answered no faster than it reads.
      if (isKeptUp) this.#done(exchange)
    })
  }

  #waitOn(): void {
    const later = this.#patience?.extend(this.#service.watch.now)
    if (later === undefined) this.#socket.destroy()
    else this.deadline = later
  }

  async #sendLarge(
    exchange: Exchange,
    plan: Plan,
    { path, file, span }: LargeAnswer,
  ): Promise<void> {
    const { admission, openFiles, chunks, watch } = this.#service
    const asker = { from: exchange.from, agent: exchange.request.agent }
    const admitted = await admission.ask(path, span.bytes === file.bytes, asker)
    if (admitted.kind === 'refused') {
      this.#refuse(exchange, admitted.answer)
      return
    }
    using _ = { [Symbol.dispose]: admitted.end }
    await using open = await openFiles.open(file)
    if (open === undefined) {
      this.#refuse(exchange, NOT_FOUND)
      return
    }
    this.#socket.setTimeout(this.#service.stalledMs, this.#onStalled)
    this.#socket.cork()
    this.#socket.write(headText(plan.status, plan.fields, lastingOf(exchange)), 'latin1')
    const source = { handle: open.handle, shared: { pool: chunks, owner: file } }
    const patience = new Patience(this.#socket, this.#service.stalledMs)
    this.#patience = patience
    const onPiece = (bytes: number) => {
      this.deadline = patience.begin(watch.now, bytes)
    }
    const sent = await sendSpan(this.#socket, source, { span, pace: admitted.pace, onPiece })
    this.#socket.setTimeout(0, this.#onStalled)
    this.#patience = undefined
    this.#service.onRequest(recordOf(exchange, plan.status, sent))
    if (sent.complete) this.#done(exchange)
    else this.#socket.destroy()
  }

  #done({ keepAlive }: Exchange): void {
    if (!keepAlive || (this.#isHalfClosed && this.#ahead === '')) {
      this.#leave()
      return
    }
    this.#state = 'idle'
    this.deadline = this.#service.watch.now + KEEP_ALIVE_TIMEOUT_MS
    if (this.#socket.isPaused()) this.#socket.resume()
    this.#next()
    if (this.#isHalfClosed && this.#isFree()) this.#leave()
  }

  #isFree(): boolean {
    return this.#state === 'idle' || this.#state === 'reading'
  }

  /** Our half is closed, so that what was sent arrives; the client closes his. */
  #leave(): void {
    if (this.#state === 'leaving') return
    this.#state = 'leaving'
    this.#ahead = ''
    const unsent = this.#socket.writableLength
    const wait = unsent > 0 ? pieceTimeoutMs(unsent) : GOODBYE_TIMEOUT_MS
    this.deadline = this.#service.watch.now + wait
    this.#socket.end()
    this.#socket.resume()
  }

  #refuseAndLeave(answer: Refusal): void {
    const { status, fields, body } = answer
    this.#socket.write(headText(status, fields, 'close') + body, 'latin1')
    this.#leave()
  }
}
