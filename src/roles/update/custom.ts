/**
 * `DatabaseCustomURL`: files that a client fetches as they are. They have no version; what is newer by date is taken, when
 * the engine loads it (formats.md 5.7).
 */
import { copyFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { askServer, Failures } from '#adapters/database-server/index.ts'
import { type EpochSeconds, epochMs, toSeconds } from '#base/time.ts'
import type { CustomEnd } from '#core/update/index.ts'
import { place } from './place.ts'
import type { UpdateRun } from './world.ts'

const CUSTOM_BYTES_MAX = 1024 * 1024 * 1024

export async function updateCustom(url: URL, run: UpdateRun): Promise<CustomEnd> {
  const name = url.pathname.slice(url.pathname.lastIndexOf('/') + 1)
  const there = join(run.directory, name)
  const path = join(run.scratch, name)
  const since = await dateOf(there)
  // What is published while it is fetched is newer than this.
  const asked = toSeconds(run.clock.now())
  const came =
    url.protocol === 'file:' ? await copied(url, path, since) : await fetched(url, path, since, run)
  if (came.kind !== 'updated') return came
  const refusal = await run.engineTest(path)
  if (refusal !== undefined) {
    await rm(path, { force: true })
    return { kind: 'refused', reasons: [refusal] }
  }
  if (url.protocol !== 'file:') await utimes(path, asked, asked)
  await place(path, there)
  return came
}

async function fetched(
  url: URL,
  into: string,
  since: EpochSeconds | undefined,
  run: UpdateRun,
): Promise<CustomEnd> {
  const { signal } = run
  const server = new URL('/', url).href
  const path = url.pathname.slice(1)
  const ask = (at: URL) => run.server.download({ url: at, since, signal }, into, CUSTOM_BYTES_MAX)
  const answer = await askServer(run, server, { file: `${path}${url.search}`, ask })
  if (answer.kind === 'found') return { kind: 'updated', bytes: answer.content }
  if (answer.kind === 'not-modified') return { kind: 'up-to-date' }
  const failures = new Failures()
  failures.note(run, { server, file: path }, answer)
  return failures.end(path, run)
}

async function copied(url: URL, path: string, since: EpochSeconds | undefined): Promise<CustomEnd> {
  try {
    const from = fileURLToPath(url)
    const found = await stat(from)
    const { mtimeMs, size } = found
    // A named pipe would make us wait for ever.
    if (!found.isFile()) return { kind: 'unreached', reasons: [`"${from}" is not a plain file`] }
    const date = toSeconds(epochMs(Math.floor(mtimeMs)))
    if (since !== undefined && date <= since) return { kind: 'up-to-date' }
    await copyFile(from, path)
    await utimes(path, date, date)
    return { kind: 'updated', bytes: size }
  } catch (error) {
    return { kind: 'unreached', reasons: [String(error)] }
  }
}

async function dateOf(path: string): Promise<EpochSeconds | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found && toSeconds(epochMs(Math.floor(found.mtimeMs)))
}
