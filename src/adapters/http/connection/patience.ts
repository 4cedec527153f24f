/** How long a client of a large answer is waited for. */
import { CAREFUL_TIMEOUT_MS, pieceTimeoutMs } from '../limits/bounds.ts'
import type { Watch, Watched } from './watch.ts'

interface Reading {
  readonly bytesRead: number
}

/**
 * Until when a piece of a large answer is waited for. `Socket.setTimeout` ends a client that takes nothing at all, but what
 * a client sends passes for taking something; so of one who sends meanwhile, the piece must leave as a whole in that time.
 * All times in milliseconds as `Watch.now` tells them.
 */
export class Patience {
  readonly #socket: Reading
  readonly #stalledMs: number
  #readBefore = 0
  #last = 0

  constructor(socket: Reading, stalledMs: number) {
    this.#socket = socket
    this.#stalledMs = stalledMs
  }

  /** When to ask again, from a piece's start on. */
  begin(now: number, bytes: number): number {
    this.#readBefore = this.#socket.bytesRead
    this.#last = now + pieceTimeoutMs(bytes)
    return now + this.#stalledMs
  }

  /** When to ask again, at such a moment. Undefined: never, it has taken too long. */
  extend(now: number): number | undefined {
    if (now >= this.#last || this.#socket.bytesRead !== this.#readBefore) return undefined
    return Math.min(this.#last, now + this.#stalledMs)
  }
}

/** Streams of one connection are not told apart by what it reads. */
const STREAM: Reading = { bytesRead: 0 }

/** Watches over one answer of the careful path: first its head, then each piece. */
export class AnswerWatch implements Watched {
  deadline: number
  readonly #watch: Watch
  readonly #patience: Patience
  readonly #end: () => void

  /** `socket`: of a connection that this answer has for itself. */
  constructor(
    { watch, stalledMs }: { readonly watch: Watch; readonly stalledMs: number },
    socket: Reading = STREAM,
    end: () => void,
  ) {
    this.#watch = watch
    this.#patience = new Patience(socket, stalledMs)
    this.#end = end
    this.deadline = watch.now + CAREFUL_TIMEOUT_MS
  }

  readonly onPiece = (bytes: number): void => {
    this.deadline = this.#patience.begin(this.#watch.now, bytes)
  }

  onLate(): void {
    const later = this.#patience.extend(this.#watch.now)
    if (later === undefined) this.#end()
    else this.deadline = later
  }
}
