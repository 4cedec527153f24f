import { open } from 'node:fs/promises'
import { DatabaseFileError } from '#adapters/databases/index.ts'
import { DiskError } from '#adapters/disk/index.ts'
import { PatchError } from '#adapters/patches/index.ts'
import { trustedPublishers, verifiersOf } from '#core/databases/index.ts'
import type { DatabaseVerifier } from '#formats/cvd/index.ts'
import {
  describeKeyFault,
  type PublisherKeys,
  type PublisherSecrets,
  parsePublisherKeys,
  parsePublisherSecrets,
} from '#formats/dsig/index.ts'
import { because, CommandEnd, complain, EXIT, type ExitStatus, ended } from '../../io.ts'

/** ClamAV's verifier and those of the key files named with `--keys`. */
export async function readVerifiers(
  files: readonly string[],
): Promise<readonly DatabaseVerifier[]> {
  return verifiersOf(await readPublishers(files))
}

/** ClamAV and the publishers of the key files named with `--keys`. */
export async function readPublishers(files: readonly string[]): Promise<readonly PublisherKeys[]> {
  const publishers: PublisherKeys[] = []
  for (const file of files) {
    const keys = parsePublisherKeys(await readText(file))
    if (!keys.ok) {
      const hint =
        keys.fault.kind === 'secret-in-public-file'
          ? ` ("cvdnet key show ${file}" prints the public keys)`
          : ''
      const reason = describeKeyFault(keys.fault)
      throw new CommandEnd(EXIT.usage, `cannot use keys "${file}": ${reason}${hint}`)
    }
    if (publishers.some(({ publisher }) => publisher === keys.value.publisher)) {
      throw new CommandEnd(EXIT.usage, `publisher "${keys.value.publisher}" is given twice`)
    }
    publishers.push(keys.value)
  }
  return trustedPublishers(publishers)
}

/** The keys that sign, which `--key` names. */
export async function readSecrets(file: string): Promise<PublisherSecrets> {
  const { text, mode } = await readTextAndMode(file)
  const secrets = parsePublisherSecrets(text)
  if (secrets.ok) {
    if ((mode & OTHERS) !== 0) {
      complain(`cvdnet: others may read the secrets in "${file}": chmod 600 it, or make new ones`)
    }
    return secrets.value
  }
  throw new CommandEnd(EXIT.usage, `cannot sign with "${file}": ${describeKeyFault(secrets.fault)}`)
}

/** For a catch: what the disk said no to ends the command with its cause. */
export function worldEnd(error: unknown): never {
  if (!isOfTheDisk(error)) throw error
  const status = error.code === 'folder-exists' ? EXIT.usage : EXIT.world
  throw new CommandEnd(status, wordsOf(error), { cause: error })
}

function isOfTheDisk(error: unknown): error is DatabaseFileError | DiskError | PatchError {
  return (
    error instanceof DatabaseFileError || error instanceof DiskError || error instanceof PatchError
  )
}

/** A `DiskError` has the system's name of the failure in its message. */
function wordsOf(error: Error): string {
  return error instanceof DiskError ? error.message : `${error.message}${because(error.cause)}`
}

/** Permission bits of group and others. */
const OTHERS = 0o077
/** Guess: a hundred times a file of keys, and ten times a long chain of certificates. */
const TEXT_BYTES_MAX = 256 * 1024

/** Keys and certificates: small texts, also from a pipe (`--keys <(cvdnet key show FILE)`). */
export async function readText(file: string): Promise<string> {
  return (await readTextAndMode(file)).text
}

async function readTextAndMode(file: string): Promise<{ text: string; mode: number }> {
  try {
    await using handle = await open(file, 'r')
    const { mode } = await handle.stat()
    const bytes = Buffer.alloc(TEXT_BYTES_MAX)
    let filled = 0
    while (filled < TEXT_BYTES_MAX) {
      const { bytesRead } = await handle.read(bytes, filled, TEXT_BYTES_MAX - filled)
      if (bytesRead === 0) return { text: bytes.toString('utf8', 0, filled), mode }
      filled += bytesRead
    }
  } catch (error) {
    throw ended(EXIT.world, `cannot read "${file}"`, error)
  }
  throw new CommandEnd(EXIT.usage, `"${file}" is no file of keys: ${TEXT_BYTES_MAX} bytes or more`)
}

/**
 * Runs `check` for each file and sets the exit status to the worst one. A file that cannot be read is complained
 * about, and the others go on.
 */
export async function forEachFile(
  files: readonly string[],
  check: (file: string, signal: AbortSignal) => Promise<ExitStatus>,
): Promise<void> {
  const signal = untilInterrupted()
  let worst: ExitStatus = EXIT.done
  for (const file of files) {
    const status = await check(file, signal).catch((error: unknown) => {
      if (!isOfTheDisk(error)) throw error
      complain(`cvdnet: ${wordsOf(error)}`)
      return error.code === 'folder-exists' ? EXIT.usage : EXIT.world
    })
    if (status > worst) worst = status
  }
  process.exitCode = worst
}

/** Ctrl-C lets a command put away what it has begun. */
export function untilInterrupted(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stop.abort(new CommandEnd(EXIT.world, `stopped by ${name}`)))
  }
  return stop.signal
}
