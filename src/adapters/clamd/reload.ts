import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { errnoOf, readStart } from '#adapters/disk/index.ts'
import { foreignWords } from '#base/foreign-words.ts'
import { unreachable } from '#base/outcome.ts'
import {
  type ClamdConf,
  type ClamdDoor,
  describeConfFault,
  doorsOf,
  parseClamdConf,
} from '#formats/clamd-conf/index.ts'

/** What became of the request. None of it changes whether an update is done: clamd looks by itself now and then. */
export type ReloadOutcome =
  /** clamd loads its databases anew, beside its work. */
  | { readonly kind: 'reloading' }
  /** `EnableReloadCommand no`: it takes no such command. */
  | { readonly kind: 'disabled' }
  /** Somebody is there, and did not say what clamd says; `words` are escaped and cut, empty where it was silent. */
  | { readonly kind: 'said-something-else'; readonly door: string; readonly words: string }
  | { readonly kind: 'not-there'; readonly reasons: readonly NotThere[] }

export type NotThere =
  | { readonly kind: 'no-socket-configured' }
  | { readonly kind: 'bad-configuration'; readonly reason: string }
  /** `reason` is the system's name (`ENOENT`, `ECONNREFUSED`), or `no answer`. */
  | { readonly kind: 'unreachable'; readonly door: string; readonly reason: string }

/** Seven bytes, without clamd's `n` or `z` in front: as freshclam asks (formats.md 5.8). */
const QUESTION = 'RELOAD\0'
const ANSWER = 'RELOADING'
const ANSWER_DISABLED = 'COMMAND UNAVAILABLE'
/** Guess: clamd accepts at once, unless all its queue is taken. */
const CONNECT_MS_MAX = 3000
/** Guess: clamd answers before it begins to load; it may be at the end of another load. */
const ANSWER_MS_MAX = 10_000
/** `RELOADING\n` has ten. */
const ANSWER_BYTES_MAX = 1024
const WORDS_CHARS_MAX = 200
/** Nobody has more addresses than this; each may cost a wait. */
const DOORS_MAX = 8
/** Forty times of what Debian ships. */
const CONF_BYTES_MAX = 1024 * 1024

export interface ReloadOptions {
  /** 10 s unless told. */
  readonly answerMsMax?: number
  readonly signal: AbortSignal
}

/** Throws the signal's reason, and nothing else. */
export async function reloadClamd(
  conf: ClamdConf,
  { signal, answerMsMax = ANSWER_MS_MAX }: ReloadOptions,
): Promise<ReloadOutcome> {
  if (!conf.enableReloadCommand) return { kind: 'disabled' }
  const doors = doorsOf(conf).slice(0, DOORS_MAX)
  if (doors.length === 0) return notThere({ kind: 'no-socket-configured' })
  const reasons: NotThere[] = []
  for (const door of doors) {
    signal.throwIfAborted()
    const socket = await open(door, signal)
    if (typeof socket !== 'string') {
      return judge(nameOf(door), await ask(socket, answerMsMax, signal))
    }
    reasons.push({ kind: 'unreachable', door: nameOf(door), reason: socket })
  }
  return { kind: 'not-there', reasons }
}

/** The same for what `NotifyClamd` names: the path of a `clamd.conf`. */
export async function reloadClamdOf(path: string, options: ReloadOptions): Promise<ReloadOutcome> {
  const conf = await readConf(path)
  if (typeof conf !== 'string') return await reloadClamd(conf, options)
  return notThere({ kind: 'bad-configuration', reason: conf })
}

/** One sentence without full stop. */
export function describeReload(outcome: ReloadOutcome): string {
  switch (outcome.kind) {
    case 'reloading':
      return 'clamd loads the databases anew'
    case 'disabled':
      return 'clamd takes no command to reload (EnableReloadCommand no); it looks by itself'
    case 'said-something-else':
      return outcome.words === ''
        ? `clamd at ${outcome.door} did not answer`
        : `clamd at ${outcome.door} said "${outcome.words}" instead of ${ANSWER}`
    case 'not-there':
      return `clamd was not told: ${outcome.reasons.map(describeNotThere).join('; ')}`
    default:
      return unreachable(outcome)
  }
}

function describeNotThere(reason: NotThere): string {
  switch (reason.kind) {
    case 'no-socket-configured':
      return 'its configuration names neither LocalSocket nor TCPSocket'
    case 'bad-configuration':
      return reason.reason
    case 'unreachable':
      return `nobody at ${reason.door} (${reason.reason})`
    default:
      return unreachable(reason)
  }
}

function notThere(reason: NotThere): ReloadOutcome {
  return { kind: 'not-there', reasons: [reason] }
}

/** A text is why there is none. */
async function readConf(path: string): Promise<ClamdConf | string> {
  try {
    const bytes = await readStart(path, CONF_BYTES_MAX)
    const conf = parseClamdConf(Buffer.from(bytes).toString('utf8'))
    return conf.ok ? conf.value : `"${path}": ${conf.fault.map(describeConfFault).join('; ')}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** A text is why nobody opened. */
async function open(door: ClamdDoor, signal: AbortSignal): Promise<Socket | string> {
  const late = AbortSignal.timeout(CONNECT_MS_MAX)
  let socket: Socket | undefined
  try {
    socket = connect(door.kind === 'unix' ? { path: door.path } : door)
    await once(socket, 'connect', { signal: AbortSignal.any([signal, late]) })
    return socket
  } catch (error) {
    // What comes of a connection that is given up interests nobody.
    socket?.on('error', () => {}).destroy()
    signal.throwIfAborted()
    return late.aborted ? 'no answer' : (errnoOf(error) ?? 'no connection')
  }
}

/** What comes until the other end is quiet, wrong or done; the socket is closed then. */
async function ask(socket: Socket, msMax: number, signal: AbortSignal): Promise<string> {
  const end = Promise.withResolvers<void>()
  const bound = AbortSignal.any([signal, AbortSignal.timeout(msMax)])
  const done = () => end.resolve()
  bound.addEventListener('abort', done)
  let text = ''
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1').slice(0, ANSWER_BYTES_MAX - text.length)
    if (text.length >= ANSWER_BYTES_MAX || /[\n\0]/.test(text)) done()
  })
  socket.on('error', done).once('close', done)
  socket.write(QUESTION)
  if (bound.aborted) done()
  await end.promise
  bound.removeEventListener('abort', done)
  socket.destroy()
  signal.throwIfAborted()
  return text
}

function judge(door: string, text: string): ReloadOutcome {
  if (text.startsWith(ANSWER)) return { kind: 'reloading' }
  if (text.startsWith(ANSWER_DISABLED)) return { kind: 'disabled' }
  return { kind: 'said-something-else', door, words: foreignWords(text.trim(), WORDS_CHARS_MAX) }
}

function nameOf(door: ClamdDoor): string {
  return door.kind === 'unix' ? `"${door.path}"` : `${door.host} port ${door.port}`
}
