/**
 * `Transfer` by the real rsync: one module of one master into a staging folder.
 *
 * rsync gets a list of arguments and a bare environment, never a shell. Regular files and folders only; modes are
 * ours; unchanged files are linked against the tree that is published, so only differences travel. Nothing outside
 * the staging folder is touched: publishing is somebody else's work. Throws `TransferError`, or the signal's reason.
 */
import { spawn } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  type Transfer,
  TransferError,
  type TransferOptions,
  type TransferSource,
} from '#ports/transfer.ts'
import { explainExit } from './exit.ts'
import { beginPull } from './orphans.ts'

/** Not a byte for this long: the master or the way to it is gone. */
const IDLE_SECONDS = 60
/** Beyond it the master is not there. */
const CONNECT_SECONDS = 20
/** Everything: `main.cvd` at 200 kbit/s takes two hours. A sync that hangs for days helps nobody (field-notes 1.7). */
const TOTAL_MS_MAX = 6 * 3_600_000
/** Ten times the largest database there is. A larger file is skipped, and then missing from the listing. */
const FILE_BYTES_MAX = 2 * 1024 ** 3
/** Between asking rsync to stop and ending it. */
const STOP_GRACE_MS = 2_000
/** rsync's own words, kept for the reason; a chatty failure is cut. */
const WORDS_CHARS_MAX = 8_192
/** Half of a large file, kept for the next run. The dot keeps it off the listing. */
const PARTIAL_DIR = '.cvdnet-partial'
/** They do not get smaller. */
const COMPRESSED = 'cvd/cld/cud/cdiff/gz/png/jpg/gif'

export interface RsyncTransferOptions {
  /** Guess, for tests and odd places: the program's name or path. */
  readonly program?: string
  readonly totalMsMax?: number
}

export class RsyncTransfer implements Transfer {
  readonly #program: string
  readonly #totalMsMax: number

  constructor({ program = 'rsync', totalMsMax = TOTAL_MS_MAX }: RsyncTransferOptions = {}) {
    this.#program = program
    this.#totalMsMax = totalMsMax
  }

  async pull(from: TransferSource, into: string, options: TransferOptions): Promise<void> {
    options.signal.throwIfAborted()
    const folder = join(into, '/')
    await using _mark = await beginPull(folder, options.signal)
    const deadline = AbortSignal.timeout(this.#totalMsMax)
    const signal = AbortSignal.any([options.signal, deadline])
    const what = `pull from rsync://${printHost(from.host)}:${from.port}/${from.module}`
    const later = await notBegun(into, options.later ?? [])
    const args = argumentsFor(from, folder, { ...options, later })
    const end = await this.#run(args, from, options, signal)
    options.signal.throwIfAborted()
    if (deadline.aborted) {
      throw new TransferError('timed-out', `${what}: not done after ${this.#totalMsMax / 1000} s`)
    }
    if (end.error !== undefined) {
      throw new TransferError('no-rsync', `run rsync: install it (Debian: apt install rsync)`, {
        cause: end.error,
      })
    }
    if (end.tooLarge !== undefined) {
      const limit = `${FILE_BYTES_MAX / 1024 ** 3} GiB`
      throw new TransferError('too-large', `${what}: ${end.tooLarge} is larger than ${limit}`)
    }
    if (end.status !== 0) {
      const { code, sentence } = explainExit(end.status, end.words)
      throw new TransferError(code, `${what}: ${sentence}`, { cause: new Error(end.words.trim()) })
    }
    await removePartials(into)
  }

  async #run(
    args: readonly string[],
    { password }: TransferSource,
    { onLine }: TransferOptions,
    signal: AbortSignal,
  ): Promise<RunEnd> {
    // A group of its own, because rsync is two processes and both have to be ended.
    const child = spawn(this.#program, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: SEARCH_PATH, LANG: 'C', LC_ALL: 'C', TZ: 'UTC', RSYNC_PASSWORD: password },
    })
    using _stop = endWhenAborted(child.pid, signal)
    let words = ''
    let tooLarge: string | undefined
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-WORDS_CHARS_MAX)
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      const over = /^(.*) is over max-size$/.exec(line)
      if (over) tooLarge = over[1]
      else if (line !== '' && !line.endsWith('/')) onLine(line)
    })
    const { promise, resolve } = Promise.withResolvers<RunEnd>()
    child.once('error', (error) => resolve({ status: null, words, tooLarge, error }))
    child.once('close', (status) => resolve({ status, words, tooLarge, error: undefined }))
    return await promise
  }
}

interface RunEnd {
  readonly status: number | null
  readonly words: string
  readonly tooLarge: string | undefined
  readonly error: Error | undefined
}

/** Where Debian and the BSDs put programs. The caller's own PATH is not asked. */
const SEARCH_PATH = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin'

function argumentsFor(
  from: TransferSource,
  folder: string,
  { linkAgainst, exclude, later = [], byContent, bandwidthKib }: TransferOptions,
): readonly string[] {
  return [
    '--recursive',
    '--times',
    // Two generations within one second differ in the fractions only (`timestamp`, `tuf/`).
    '--modify-window=-1',
    '--delete',
    '--no-links',
    '--no-devices',
    '--no-specials',
    '--no-perms',
    '--no-owner',
    '--no-group',
    '--chmod=D0755,F0644',
    '--compress',
    `--skip-compress=${COMPRESSED}`,
    `--partial-dir=${PARTIAL_DIR}`,
    `--max-size=${FILE_BYTES_MAX}`,
    `--timeout=${IDLE_SECONDS}`,
    `--contimeout=${CONNECT_SECONDS}`,
    // Small exchanges at the start and end of a pull wait 40 ms each otherwise.
    '--sockopts=TCP_NODELAY',
    '--no-motd',
    '--info=skip1',
    '--out-format=%n',
    ...(byContent ? ['--checksum'] : []),
    ...(bandwidthKib === undefined ? [] : [`--bwlimit=${bandwidthKib}`]),
    ...(linkAgainst === undefined ? [] : [`--link-dest=${linkAgainst}`]),
    '--exclude=local_*',
    ...exclude.map((pattern) => `--exclude=${pattern}`),
    ...later.map((path) => `--exclude=/${path}`),
    '--',
    `rsync://${from.user}@${printHost(from.host)}:${from.port}/${from.module}/`,
    folder,
  ]
}

function printHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Asks the whole group to stop, then insists. */
function endWhenAborted(pid: number | undefined, signal: AbortSignal): Disposable {
  let timer: NodeJS.Timeout | undefined
  const end = (name: NodeJS.Signals) => {
    if (pid === undefined) return
    try {
      process.kill(-pid, name)
    } catch {
      // It has ended already.
    }
  }
  const onAbort = () => {
    end('SIGTERM')
    timer = setTimeout(() => end('SIGKILL'), STOP_GRACE_MS)
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  return {
    [Symbol.dispose]() {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    },
  }
}

/** Those at the top of the tree of which no half lies there. */
async function notBegun(into: string, paths: readonly string[]): Promise<readonly string[]> {
  const halves = await readdir(join(into, PARTIAL_DIR)).catch((): string[] => [])
  return paths.filter((path) => !halves.includes(path))
}

/** After a complete pull they are halves of files that the master no longer has. */
async function removePartials(into: string): Promise<void> {
  for (const entry of await readdir(into, { recursive: true, withFileTypes: true })) {
    if (entry.name !== PARTIAL_DIR || !entry.isDirectory()) continue
    await rm(join(entry.parentPath, entry.name), { recursive: true, force: true })
  }
}
