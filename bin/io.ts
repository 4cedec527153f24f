/**
 * What every command shares: exit status as the contract has it, and where words go.
 * 0 done · 1 refused, or not so · 2 wrong use · 3 the world failed.
 */
export const EXIT = { done: 0, refused: 1, usage: 2, world: 3 } as const
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT]

/** Ends a command with a status and a sentence for standard error. */
export class CommandEnd extends Error {
  override readonly name = 'CommandEnd'
  readonly status: ExitStatus

  constructor(status: ExitStatus, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

/** For a catch: a command's end with what caused it. */
export function ended(status: ExitStatus, message: string, cause: unknown): CommandEnd {
  return new CommandEnd(status, message, { cause })
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

export function complain(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** One JSON document on standard output (`--json`). */
export function sayJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}
