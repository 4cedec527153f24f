import { rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { askServers, type Failures } from '#adapters/database-server/index.ts'
import { diskError, errnoOf, syncFile } from '#adapters/disk/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { UpstreamRun } from './upstream-world.ts'

export interface WantedFile<T> {
  readonly file: string
  readonly bytesMax: number
  /** Servers that are known to have another one. */
  readonly except?: ReadonlySet<string>
  /** What is to be known of a file that may be used, or in words why this one may not. */
  readonly check: (path: string) => Promise<Outcome<T, string>>
}

export interface FileHere<T> {
  readonly known: T
  /** That were fetched for it now. */
  readonly bytes: number
}

/** No server had a good one. */
export interface NotBrought {
  readonly file: string
  readonly failures: Failures
}

/** Into the folder, from the first server that has a good one, unless it is there already. */
export async function bringFile<T>(
  wanted: WantedFile<T>,
  folder: string,
  run: UpstreamRun,
): Promise<Outcome<FileHere<T>, NotBrought>> {
  const known = await goodFile(wanted, folder)
  return known === undefined ? await fetchFile(wanted, folder, run) : ok({ known, bytes: 0 })
}

/** What is known of it when it is there and good; one that is not is removed. */
export async function goodFile<T>(
  { file, check }: WantedFile<T>,
  folder: string,
): Promise<T | undefined> {
  const path = join(folder, file)
  if ((await sizeOf(path)) === undefined) return undefined
  const checked = await check(path)
  if (checked.ok) return checked.value
  await rm(path, { recursive: true, force: true })
  return undefined
}

/**
 * A download that breaks off goes on in a later look. It gets into the folder before it is checked, so that a kill while the
 * check runs does not cost another download.
 */
export async function fetchFile<T>(
  wanted: WantedFile<T>,
  folder: string,
  run: UpstreamRun,
): Promise<Outcome<FileHere<T>, NotBrought>> {
  const { file, bytesMax, check, except } = wanted
  const [part, path] = [join(run.scratch, file), join(folder, file)]
  const ask = async (url: URL) => {
    const answer = await run.server.download({ url, signal: run.signal }, part, bytesMax)
    if (answer.kind !== 'found') return answer
    await syncFile(part)
    await rename(part, path)
    const checked = await check(path)
    if (!checked.ok) await rm(path, { force: true })
    return { ...answer, content: { bytes: answer.content, checked } }
  }
  const taken = await askServers(
    run,
    { file, ask, ...(except && { except }) },
    async ({ checked }) => (checked.ok ? undefined : checked.fault),
  )
  if (!taken.ok) return fail({ file, failures: taken.fault })
  const { bytes, checked } = taken.value.content
  if (!checked.ok) throw new Error(`"${file}" was taken, and is not good: ${checked.fault}`)
  return ok({ known: checked.value, bytes })
}

/** Undefined: there is no such file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw diskError(`look at "${path}"`, error)
  }
}
