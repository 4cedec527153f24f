import { readFile } from 'node:fs/promises'
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
import { CommandEnd, complain, EXIT, type ExitStatus } from '../../io.ts'

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
  const secrets = parsePublisherSecrets(await readText(file))
  if (secrets.ok) return secrets.value
  throw new CommandEnd(EXIT.usage, `cannot sign with "${file}": ${describeKeyFault(secrets.fault)}`)
}

/** For a catch: what the disk said no to ends the command with its cause. */
export function worldEnd(error: unknown): never {
  if (!(error instanceof DatabaseFileError || error instanceof PatchError)) throw error
  const status = error.code === 'folder-exists' ? EXIT.usage : EXIT.world
  throw new CommandEnd(status, `${error.message}${because(error.cause)}`, { cause: error })
}

export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw cannotRead(file, error)
  }
}

function cannotRead(file: string, cause: unknown): CommandEnd {
  return new CommandEnd(EXIT.world, `cannot read "${file}"${because(cause)}`, { cause })
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
      if (!(error instanceof DatabaseFileError || error instanceof DiskError)) throw error
      complain(`cvdnet: ${error.message}${because(error.cause)}`)
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

function because(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? ` (${code})` : ''
}
