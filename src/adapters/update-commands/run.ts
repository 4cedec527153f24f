import { type ProgramEnd, runProgram } from '#adapters/system/index.ts'
import { unreachable } from '#base/outcome.ts'
import { readExecute } from '#formats/freshclam-conf/index.ts'

export interface UpdateCommandOptions {
  /** The new version of the engine, for `OnOutdatedExecute`; checked before the shell sees it. */
  readonly version?: string
  /** What the command says, as it says it, escaped. */
  readonly onLine: (line: string) => void
  /** Ten minutes unless told. */
  readonly msMax?: number
  readonly signal: AbortSignal
}

export type UpdateCommandOutcome =
  /** Nothing was run: the caller ends with this status, 0 to 255. */
  | { readonly kind: 'end-with'; readonly status: number }
  /** Nothing was run: `text` is `EXIT_n` with an n that is no status. */
  | { readonly kind: 'bad-status'; readonly text: string }
  | { readonly kind: 'ran'; readonly end: ProgramEnd }

/** freshclam's `system()`. */
const SHELL = '/bin/sh'
/** Guess: long enough to copy databases to other machines, short enough that tomorrow's update is not missed. */
const RUN_MS_MAX = 10 * 60_000

/**
 * Does what `OnUpdateExecute`, `OnErrorExecute` or `OnOutdatedExecute` ask for, with this process's environment and
 * folder, as freshclam does. Throws the signal's reason, and nothing else.
 */
export async function runUpdateCommand(
  value: string,
  { version, onLine, msMax = RUN_MS_MAX, signal }: UpdateCommandOptions,
): Promise<UpdateCommandOutcome> {
  const execute = readExecute(value, version)
  if (execute.kind !== 'shell') return execute
  const args = ['-c', execute.command]
  return { kind: 'ran', end: await runProgram({ command: SHELL, args, onLine, msMax, signal }) }
}

/** One sentence without full stop. The command itself is not repeated: there may be a password in it. */
export function describeUpdateCommand(option: string, outcome: UpdateCommandOutcome): string {
  switch (outcome.kind) {
    case 'end-with':
      return `${option} asks for exit status ${outcome.status}`
    case 'bad-status':
      return `${option} asks for ${outcome.text.slice(0, 20)}, which is no exit status from 0 to 255`
    case 'ran':
      return `the command of ${option} ${describeEnd(outcome.end)}`
    default:
      return unreachable(outcome)
  }
}

function describeEnd(end: ProgramEnd): string {
  switch (end.kind) {
    case 'ended':
      return end.status === 0 ? 'is done' : `ended with status ${end.status}`
    case 'killed':
      return `was ended by ${end.by}`
    case 'timed-out':
      return `was not done after ${end.msMax / 1000} seconds, and was ended`
    case 'not-started':
      return `could not be started (${end.reason})`
    default:
      return unreachable(end)
  }
}
