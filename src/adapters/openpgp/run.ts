import { spawn } from 'node:child_process'
import { OpenPgpError } from './error.ts'

/** Where Debian and the BSDs put programs. The caller's own PATH is not asked. */
const SEARCH_PATH = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin'
/** Making a key takes about a second, anything else less. */
const RUN_MS_MAX = 30_000
const WORDS_CHARS_MAX = 4000
/** A signature or a public key has some hundred bytes. */
const OUTPUT_BYTES_MAX = 1024 * 1024

export interface GpgEnd {
  readonly status: number | null
  readonly out: Buffer
  /** The end of what it complained about. */
  readonly words: string
}

/** `program` is `gpg`, `gpgv` or `gpgconf`. Its exit status is a value. Throws `OpenPgpError`. */
export async function runGpg(
  program: string,
  args: readonly string[],
  input: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<GpgEnd> {
  const deadline = AbortSignal.timeout(RUN_MS_MAX)
  const both = AbortSignal.any([signal, deadline])
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: SEARCH_PATH, LANG: 'C', LC_ALL: 'C', TZ: 'UTC' },
    signal: both,
    killSignal: 'SIGKILL',
  })
  const pieces: Buffer[] = []
  let bytes = 0
  let words = ''
  child.stdout.on('data', (piece: Buffer) => {
    bytes += piece.byteLength
    if (bytes <= OUTPUT_BYTES_MAX) pieces.push(piece)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-WORDS_CHARS_MAX)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input ?? '')
  const { promise, resolve, reject } = Promise.withResolvers<GpgEnd>()
  child.once('error', reject)
  child.once('close', (status) => resolve({ status, out: Buffer.concat(pieces), words }))
  try {
    return await promise
  } catch (cause) {
    signal.throwIfAborted()
    throw runError(program, deadline.aborted, cause)
  }
}

function runError(program: string, isLate: boolean, cause: unknown): OpenPgpError {
  if (isLate) return new OpenPgpError('timed-out', `run ${program}: not done in time`, { cause })
  const debian = program === 'gpgv' ? 'gpgv' : 'gnupg'
  const action = `run ${program}: install it (Debian: apt install ${debian})`
  return new OpenPgpError('no-gpg', action, { cause })
}

/** The same, where any end but 0 is a failure. */
export async function mustRunGpg(
  action: string,
  args: readonly string[],
  input: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<Buffer> {
  const end = await runGpg('gpg', args, input, signal)
  if (end.status === 0) return end.out
  throw new OpenPgpError('broken', `${action}: ${lastLine(end.words)}`, {
    cause: new Error(end.words.trim()),
  })
}

function lastLine(words: string): string {
  return words.trim().split('\n').at(-1) ?? 'no reason given'
}
