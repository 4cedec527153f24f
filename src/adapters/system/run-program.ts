import { spawn } from 'node:child_process'
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
 * Runs a program to its end, with all that it starts in one process group, which ends with it when time is over or the
 * signal aborts. Throws the signal's reason, and nothing else.
 */
export async function runProgram(program: ProgramToRun): Promise<ProgramEnd> {
  const { command, args, env, cwd, onLine, msMax, signal } = program
  signal.throwIfAborted()
  const child = spawn(command, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
  })
  const say = limited(onLine)
  const outputs = [child.stdout, child.stderr].map((pipe) => {
    const lines = new LineCutter(say)
    pipe.setEncoding('utf8').on('data', (text: string) => lines.take(text))
    return { pipe, lines }
  })
  const closed = Promise.withResolvers<void>()
  const exited = Promise.withResolvers<ProgramEnd>()
  child.once('close', () => closed.resolve())
  child.once('error', (error) => {
    exited.resolve({ kind: 'not-started', reason: errnoOf(error) ?? 'unknown' })
  })
  child.once('exit', (status, by) => {
    exited.resolve(status === null ? { kind: 'killed', by: by ?? '' } : { kind: 'ended', status })
  })
  const late = AbortSignal.timeout(msMax)
  const stop = AbortSignal.any([signal, late])
  const stopped = child.pid === undefined ? undefined : stopWhen(stop, child.pid, exited.promise)
  const end = await exited.promise
  await stopped
  if (end.kind !== 'not-started') {
    await Promise.race([closed.promise, wait(DRAIN_MS, undefined, { ref: false })])
  }
  for (const { pipe, lines } of outputs) {
    pipe.destroy()
    lines.end()
  }
  if (end.kind !== 'killed') return end
  signal.throwIfAborted()
  return late.aborted ? { kind: 'timed-out', msMax } : end
}
