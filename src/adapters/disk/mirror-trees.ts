/**
 * A mirror's trees: one folder a generation, a record beside each, and a link to the one that is served.
 *
 *     STATE/incoming/          being filled
 *     STATE/trees/17/          verified, never changed again
 *     STATE/trees/17.json      what is in it, and with which dates it is served
 *     STATE/current → trees/17
 *
 * The order is: record, rename of `incoming`, switch of the link. A kill between them leaves a tree with a higher
 * number than `current` has; `recover` makes it `incoming` again, so that nothing has to be fetched twice.
 */
import { mkdir, readdir, readFile, readlink, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isLeftover, switchLink, syncFile, syncFolder, writeFileAtomic } from './atomic.ts'
import { diskError, errnoOf } from './error.ts'
import { type Listing, listFiles } from './list-files.ts'

/** The served one, and two for readers who are in the middle of it. */
const TREES_KEPT = 3

export interface MirrorTree {
  readonly number: number
  readonly folder: string
  /** The record's text, for its owner to parse. */
  readonly record: string
}

export class MirrorTrees {
  readonly incoming: string
  readonly #state: string
  readonly #trees: string

  constructor(state: string) {
    this.#state = state
    this.#trees = join(state, 'trees')
    this.incoming = join(state, 'incoming')
  }

  /** The served tree. Undefined before the first one, and when the link or its record are gone. */
  async current(): Promise<MirrorTree | undefined> {
    const target = await readlink(join(this.#state, 'current')).catch(() => '')
    const number = Number(/^trees\/(\d{1,10})$/.exec(target)?.[1] ?? -1)
    if (number < 0) return undefined
    const record = await readFile(this.#recordOf(number), 'utf8').catch(() => undefined)
    return record === undefined ? undefined : { number, folder: this.#folderOf(number), record }
  }

  /** Only for the holder of the lock: sweeps what a killed run left, and makes `incoming`. */
  async recover(): Promise<void> {
    await mkdir(this.#trees, { recursive: true, mode: 0o755 })
    const current = await this.current()
    const last = current?.number ?? -1
    const numbers = await this.#numbers()
    for (const number of numbers.filter((each) => each > last)) {
      if (numbers.at(-1) === number && !(await isFolder(this.incoming))) {
        await rename(this.#folderOf(number), this.incoming)
      }
      await this.#remove(number)
    }
    for (const name of await readdir(this.#trees)) {
      const number = Number(/^(\d+)\.json$/.exec(name)?.[1] ?? Number.NaN)
      if (isLeftover(name) || number > last) await rm(join(this.#trees, name), { force: true })
    }
    await mkdir(this.incoming, { recursive: true, mode: 0o755 })
  }

  async dropIncoming(): Promise<void> {
    await rm(this.incoming, { recursive: true, force: true })
  }

  /** `incoming` becomes the tree of that number; it is not served yet. `known` are paths that are on disk already. */
  async adopt(
    number: number,
    record: string,
    { known, onStep = () => {}, signal }: AdoptOptions,
  ): Promise<void> {
    await this.#makeDurable(await listFiles(this.incoming, signal), known)
    await writeFileAtomic(this.#recordOf(number), record, { mode: 0o600 })
    onStep('recorded')
    try {
      await rename(this.incoming, this.#folderOf(number))
    } catch (error) {
      throw diskError(`make tree ${number}`, error)
    }
    await syncFolder(this.#trees)
    await syncFolder(this.#state)
    onStep('adopted')
  }

  /** From here on it is served, and the oldest trees go. */
  async switchTo(number: number): Promise<void> {
    await switchLink(join(this.#state, 'current'), `trees/${number}`)
    const old = (await this.#numbers()).filter((each) => each < number)
    for (const each of old.slice(0, Math.max(0, old.length - (TREES_KEPT - 1)))) {
      await this.#remove(each)
    }
  }

  async #makeDurable(listing: Listing, known: ReadonlySet<string>): Promise<void> {
    for (const path of listing.files.keys()) {
      if (!known.has(path)) await syncFile(join(this.incoming, path))
    }
    for (const path of ['', ...listing.folders]) await syncFolder(join(this.incoming, path))
  }

  /** Ascending. */
  async #numbers(): Promise<readonly number[]> {
    const names = await readdir(this.#trees)
    return names
      .filter((name) => /^\d{1,10}$/.test(name))
      .map(Number)
      .sort((a, b) => a - b)
  }

  async #remove(number: number): Promise<void> {
    await rm(this.#folderOf(number), { recursive: true, force: true })
    await rm(this.#recordOf(number), { force: true })
  }

  #folderOf(number: number): string {
    return join(this.#trees, String(number))
  }

  #recordOf(number: number): string {
    return join(this.#trees, `${number}.json`)
  }
}

interface AdoptOptions {
  readonly known: ReadonlySet<string>
  readonly onStep?: (step: 'recorded' | 'adopted') => void
  readonly signal: AbortSignal
}

async function isFolder(path: string): Promise<boolean> {
  try {
    await readdir(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw diskError(`list "${path}"`, error)
  }
}
