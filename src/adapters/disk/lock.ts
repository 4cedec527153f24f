/**
 * At most one run at a time, over processes (R57–R60, field-notes 1.5 and 1.6).
 *
 * A lock is a folder of numbered files, and whoever made the highest one holds it. Each says who: process, start of
 * that process and of the machine. Taking it means linking the next number, which only one can do, so two takers of a
 * stale lock cannot both win, and none can remove a lock that another one has just taken: nothing is ever broken,
 * only followed. Releasing it empties the file and keeps the name. Old numbers go later. The number fences: a holder
 * that was thought dead finds out before it publishes. Never by age alone: a long run is not a dead one.
 */
import { randomUUID } from 'node:crypto'
import { link, mkdir, readdir, readFile, rm, stat, truncate, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { neighbour, writeFileAtomic } from './atomic.ts'
import { diskError, errnoOf } from './error.ts'
import { livenessOf, type ProcessIdentity, thisProcess } from './process-identity.ts'

/** How often a holder says that it lives, for those who cannot see its process. */
const HEARTBEAT_MS = 15_000
/** Without a heartbeat for this long, a holder elsewhere is dead. Guess: eight of them missed. */
const HEARTBEAT_LOST_MS = 120_000
/** Numbers kept behind the highest, so that a taker which fell asleep in the middle still sees it was overtaken. */
const NUMBERS_KEPT = 8
/** Guess: takers that lose this often against others are told that it is busy. */
const TAKE_ATTEMPTS_MAX = 20

export interface LockHolder extends ProcessIdentity {
  /** What it does, for people. */
  readonly note: string
  /** Milliseconds since 1970. */
  readonly since: number
}

export type LockAttempt =
  | { readonly kind: 'taken'; readonly lock: HeldLock }
  | { readonly kind: 'busy'; readonly holder: LockHolder | undefined }

export interface HeldLock extends AsyncDisposable {
  /** Grows with every holder. */
  readonly number: number
  /** False when another one holds it by now. */
  isOurs(): Promise<boolean>
}

export async function takeLock(folder: string, note: string): Promise<LockAttempt> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (let attempt = 0; attempt < TAKE_ATTEMPTS_MAX; attempt++) {
    const highest = await highestNumber(folder)
    const holder = highest === 0 ? undefined : await liveHolder(folder, highest)
    if (holder !== undefined) return { kind: 'busy', holder }
    const number = highest + 1
    if (!(await claim(folder, number, note))) continue
    // A number that was made and cleaned away long ago can be made again: then a higher one is there.
    if ((await highestNumber(folder)) !== number) {
      await rm(fileOf(folder, number), { force: true })
      continue
    }
    await dropOld(folder, number)
    return { kind: 'taken', lock: new Lock(folder, number) }
  }
  return { kind: 'busy', holder: undefined }
}

/** Who holds it now, for a status. */
export async function lockHolder(folder: string): Promise<LockHolder | undefined> {
  const highest = await highestNumber(folder).catch(() => 0)
  return highest === 0 ? undefined : await liveHolder(folder, highest)
}

class Lock implements HeldLock {
  readonly number: number
  readonly #folder: string
  readonly #heartbeat: NodeJS.Timeout

  constructor(folder: string, number: number) {
    this.#folder = folder
    this.number = number
    const file = fileOf(folder, number)
    this.#heartbeat = setInterval(() => {
      const now = Date.now() / 1000
      utimes(file, now, now).catch(() => {})
    }, HEARTBEAT_MS)
    this.#heartbeat.unref()
  }

  async isOurs(): Promise<boolean> {
    return (await highestNumber(this.#folder)) === this.number
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#heartbeat)
    // Emptied, not replaced: a full disk must not keep us from letting go.
    if (await this.isOurs()) await truncate(fileOf(this.#folder, this.number))
  }
}

function fileOf(folder: string, number: number): string {
  return join(folder, String(number))
}

async function highestNumber(folder: string): Promise<number> {
  return Math.max(0, ...(await numbers(folder)))
}

async function numbers(folder: string): Promise<readonly number[]> {
  return (await readdir(folder)).filter((name) => /^[1-9]\d{0,14}$/.test(name)).map(Number)
}

/** Makes the file with its content in one step. False when somebody else was first. */
async function claim(folder: string, number: number, note: string): Promise<boolean> {
  const file = fileOf(folder, number)
  const holder: LockHolder = { ...(await thisProcess()), note, since: Date.now() }
  const part = neighbour(file)
  await writeFileAtomic(part, `${JSON.stringify({ ...holder, id: randomUUID() })}\n`)
  try {
    await link(part, file)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw diskError(`take the lock "${file}"`, error)
  } finally {
    await rm(part, { force: true })
  }
}

async function dropOld(folder: string, number: number): Promise<void> {
  for (const old of await numbers(folder)) {
    if (old <= number - NUMBERS_KEPT) await rm(fileOf(folder, old), { force: true })
  }
}

/** Undefined when it was released, its process is dead, or it cannot be read. */
async function liveHolder(folder: string, number: number): Promise<LockHolder | undefined> {
  const file = fileOf(folder, number)
  const holder = parseHolder(await readFile(file, 'utf8').catch(() => ''))
  if (holder === undefined) return undefined
  const liveness = await livenessOf(holder)
  if (liveness !== 'unknown') return liveness === 'alive' ? holder : undefined
  const beat = await stat(file).catch(() => undefined)
  return beat !== undefined && Date.now() - beat.mtimeMs < HEARTBEAT_LOST_MS ? holder : undefined
}

function parseHolder(text: string): LockHolder | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isHolder(value) ? value : undefined
}

function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== 'object' || value === null) return false
  const fields: Readonly<Record<string, unknown>> = { ...value }
  const texts = ['bootId', 'startedAt', 'pidNamespace', 'host', 'note']
  return (
    Number.isInteger(fields['pid']) &&
    typeof fields['since'] === 'number' &&
    texts.every((name) => typeof fields[name] === 'string')
  )
}
