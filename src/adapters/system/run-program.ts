import { ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { foreignWords } from '#base/foreign-words.ts'
import { errnoOf } from '../disk/index.ts'

export interface ProgramToRun {
  /** A path, or a name that is looked for in `env.PATH`. */
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment of the child; this process's own where it is not given. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** What it says on either of its outputs: escaped, without its end, cut. */
  readonly onLine: (line: string) => void
  readonly msMax: number
  /** How long it has to end after SIGTERM, before SIGKILL; 5 s unless told. */
  readonly stopGraceMs?: number
  readonly signal: AbortSignal
}

export type ProgramEnd =
  /** By itself; `status` is from 0 to 255. */
  | { readonly kind: 'ended'; readonly status: number }
  /** A signal ended it that was not ours: it crashed, or memory ran out. */
  | { readonly kind: 'killed'; readonly by: string }
  | { readonly kind: 'timed-out'; readonly msMax: number }
  /** `reason` is the system's name: `ENOENT`, `EACCES`. */
  | { readonly kind: 'not-started'; readonly reason: string }

/** Guess: what a person reads of a line. */
const LINE_CHARS_MAX = 1000
/** Guess: what a person reads of a program. */
const LINES_MAX = 1000
/** Guess: enough for a script to put away what it began. */
const STOP_GRACE_MS = 5000
/** What is in the pipes when a program has ended is read at once; who holds them longer runs on beside us. */
const DRAIN_MS = 500

/**
 * Runs a program to its end, in a process group of its own: when time is over or the signal aborts, all that it started
 * ends with it. What a program leaves running when it ends by itself runs on. Throws the signal's reason, and nothing
 * else.
 */
export async function runProgram(program: ProgramToRun): Promise<ProgramEnd> {
  const { msMax, signal } = program
  signal.throwIfAborted()
  const child = start(program)
  if (!(child instanceof ChildProcess)) return child
  const say = limited(program.onLine)
  const outputs = [new LineCutter(child.stdout, say), new LineCutter(child.stderr, say)]
  const closed = once(child, 'close').catch(() => {})
  const end = Promise.withResolvers<ProgramEnd>()
  child.once('error', (error) => end.resolve(notStarted(error)))
  child.once('exit', (status, by) => {
    end.resolve(status === null ? { kind: 'killed', by: by ?? '' } : { kind: 'ended', status })
  })
  const late = AbortSignal.timeout(msMax)
  const isStopped = await stopWhen(AbortSignal.any([signal, late]), end.promise, {
    pid: child.pid,
    graceMs: program.stopGraceMs ?? STOP_GRACE_MS,
  })
  await Promise.race([closed, wait(DRAIN_MS, undefined, { ref: false })])
  for (const output of outputs) output.end()
  if (isStopped) signal.throwIfAborted()
  return isStopped ? { kind: 'timed-out', msMax } : await end.promise
}

function start({ command, args, env, cwd }: ProgramToRun) {
  try {
    return spawn(command, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
    })
  } catch (error) {
    return notStarted(error)
  }
}

function notStarted(error: unknown): ProgramEnd {
  return { kind: 'not-started', reason: errnoOf(error) ?? 'unknown' }
}

/** Waits for the end, and makes it come once `stop` aborts. Whether it had to. */
async function stopWhen(
  stop: AbortSignal,
  end: Promise<unknown>,
  { pid, graceMs }: { readonly pid: number | undefined; readonly graceMs: number },
): Promise<boolean> {
  if (pid === undefined) {
    await end
    return false
  }
  const insist = Promise.withResolvers<void>()
  let isStopped = false
  let grace: NodeJS.Timeout | undefined
  const ask = () => {
    isStopped = true
    signalGroup(pid, 'SIGTERM')
    grace = setTimeout(insist.resolve, graceMs)
  }
  stop.addEventListener('abort', ask)
  if (stop.aborted) ask()
  await Promise.race([end, insist.promise])
  stop.removeEventListener('abort', ask)
  clearTimeout(grace)
  // Whoever of the group is left goes too.
  if (isStopped) signalGroup(pid, 'SIGKILL')
  await end
  return isStopped
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name)
  } catch {
    // It has ended already.
  }
}

function limited(onLine: (line: string) => void): (line: string) => void {
  let said = 0
  return (line) => {
    said += 1
    if (said <= LINES_MAX) onLine(foreignWords(line, LINE_CHARS_MAX))
    else if (said === LINES_MAX + 1) onLine('… and more, which is not shown')
  }
}

/** Holds no more of a line than is shown. */
class LineCutter {
  #line = ''
  readonly #pipe: Readable
  readonly #say: (line: string) => void

  constructor(pipe: Readable, say: (line: string) => void) {
    this.#pipe = pipe
    this.#say = say
    pipe.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    pipe.on('error', () => {})
  }

  end(): void {
    this.#pipe.destroy()
    if (this.#line !== '') this.#finish()
  }

  #take(text: string): void {
    const [first = '', ...rest] = text.split('\n')
    this.#add(first)
    for (const next of rest) {
      this.#finish()
      this.#add(next)
    }
  }

  #add(text: string): void {
    this.#line = (this.#line + text).slice(0, LINE_CHARS_MAX + 1)
  }

  #finish(): void {
    this.#say(this.#line.replace(/\r$/, ''))
    this.#line = ''
  }
}
