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
  return new CommandEnd(status, `${message}${because(cause)}`, { cause })
}

/** The system's own name of a failure, ` (ENOENT)`, behind a sentence that does not have it yet. */
export function because(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? ` (${code})` : ''
}

export function say(line: string): void {
  process.stdout.write(`${printable(line)}\n`)
}

export function complain(line: string): void {
  process.stderr.write(`${printable(line)}\n`)
}

/** Names come from files and folders, and a terminal obeys control characters. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '?')
}

/**
 * A reader who goes away early (`| head`) has seen enough: the work goes on to its end and its exit status. Any other
 * failure of standard output loses what somebody wanted to read.
 */
export function mindStandardOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    complain(`cvdnet: cannot write to standard output${because(error)}`)
    process.exit(EXIT.world)
  })
  process.stderr.on('error', () => {})
}

/** One JSON document on standard output (`--json`). */
export function sayJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}
