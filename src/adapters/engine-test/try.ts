import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { diskError, readStart } from '#adapters/disk/index.ts'
import { type ProgramEnd, runProgram } from '#adapters/system/index.ts'
import { unreachable } from '#base/outcome.ts'

export type EngineTrial =
  /** `words` are its warnings, such as rules of a `.yar` that it passes over; mostly empty. */
  | { readonly kind: 'loads'; readonly words: string }
  /** The engine does not take the file; `words` are its own, escaped and cut. */
  | { readonly kind: 'refused'; readonly words: string }
  /** It crashed over the file, ran out of memory or of time. */
  | {
      readonly kind: 'broken-off'
      readonly end: Extract<ProgramEnd, { kind: 'killed' | 'timed-out' }>
    }
  /** clamscan is not there, or may not run: nothing is known about the file. */
  | { readonly kind: 'not-tried'; readonly reason: string }

export interface TrialOptions {
  /** Folders with programs, with colons between; those of Debian and the BSDs unless told. */
  readonly searchPath?: string
  /** `CVDCertsDirectory`: what an engine from 1.5 on checks `.sign` files by, instead of its own. */
  readonly certificates?: string
  /** Fifteen minutes unless told. */
  readonly msMax?: number
  readonly signal: AbortSignal
}

export const SEARCH_PATH = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin'
/** Guess: `main.cvd` takes a minute on a small machine, and longer on one that swaps. */
const TRIAL_MS_MAX = 15 * 60_000
/** Guess: an engine that takes nothing says why in its first lines. */
const WORDS_CHARS_MAX = 1000
/** clamscan's status for a scan that found something: then it has loaded all the more. */
const STATUS_FOUND = 1
/** It ends with 0 over a file whose extension it does not know, and has not looked into it. */
const PASSED_OVER = /cli_load: unknown extension - skipping/

/**
 * Does the real engine load this file? It must have the extension that it is to be used with, which says what it is
 * (formats.md 5.7). Throws `DiskError` when the file cannot be read or there is no room for a temporary folder, and the
 * signal's reason.
 */
export async function tryInEngine(
  path: string,
  { searchPath = SEARCH_PATH, certificates, msMax = TRIAL_MS_MAX, signal }: TrialOptions,
): Promise<EngineTrial> {
  await readStart(path, 1)
  await using folder = await scratchFolder()
  const empty = join(folder.path, 'empty')
  await writeFile(empty, '').catch((error: unknown) => {
    throw diskError(`write "${empty}"`, error)
  })
  let words = ''
  const end = await runProgram({
    command: 'clamscan',
    args: [...FLAGS, `--tempdir=${folder.path}`, `--database=${resolve(path)}`, empty],
    env: {
      ...{ PATH: searchPath, LANG: 'C', LC_ALL: 'C', TZ: 'UTC' },
      ...(certificates === undefined ? {} : { CVD_CERTS_DIR: certificates }),
    },
    cwd: folder.path,
    onLine: (line) => {
      words = `${words}${words && '; '}${line}`.slice(0, WORDS_CHARS_MAX)
    },
    msMax,
    signal,
  })
  return judge(end, words)
}

/**
 * What a scan of an empty file leaves to do is to load: all kinds of signatures, those for unwanted programs and signed
 * bytecode too, as freshclam's own test does. `--infected` keeps it from talking about the file.
 */
const FLAGS = [
  '--no-summary',
  '--infected',
  '--detect-pua=yes',
  '--bytecode=yes',
  '--phishing-sigs=yes',
] as const

async function scratchFolder() {
  const prefix = join(tmpdir(), 'cvdnet-engine-')
  try {
    return await mkdtempDisposable(prefix)
  } catch (error) {
    throw diskError(`make a folder "${prefix}…"`, error)
  }
}

function judge(end: ProgramEnd, words: string): EngineTrial {
  switch (end.kind) {
    case 'ended': {
      const isLoaded = end.status === 0 || end.status === STATUS_FOUND
      return { kind: isLoaded && !PASSED_OVER.test(words) ? 'loads' : 'refused', words }
    }
    case 'killed':
    case 'timed-out':
      return { kind: 'broken-off', end }
    case 'not-started':
      return { kind: 'not-tried', reason: end.reason }
    default:
      return unreachable(end)
  }
}

/** One sentence without full stop. */
export function describeTrial(trial: EngineTrial): string {
  switch (trial.kind) {
    case 'loads':
      return trial.words === '' ? 'the engine loads it' : `the engine loads it, but: ${trial.words}`
    case 'refused':
      return `the engine does not load it: ${trial.words || 'it does not say why'}`
    case 'broken-off':
      return trial.end.kind === 'killed'
        ? `the engine was ended by ${trial.end.by} while it loaded it`
        : `the engine had not loaded it after ${trial.end.msMax / 1000} seconds`
    case 'not-tried':
      return `clamscan could not be started (${trial.reason}), so it was not tried in the engine`
    default:
      return unreachable(trial)
  }
}
