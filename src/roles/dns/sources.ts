import { readFile, stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { epochSeconds } from '#base/time.ts'
import { parseSnapshotOf, type ZoneSnapshot } from '#core/zone/index.ts'
import type { ZoneSource } from '#ports/zone-source.ts'

/** A source that somebody in the same process feeds. */
export class ZoneFeed implements ZoneSource {
  #current: ZoneSnapshot | undefined
  #changed = Promise.withResolvers<void>()

  current(): ZoneSnapshot | undefined {
    return this.#current
  }

  offer(snapshot: ZoneSnapshot): void {
    this.#current = snapshot
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  /** What is offered from the call on is seen, also before somebody waits for it. */
  changes(signal: AbortSignal): AsyncGenerator<ZoneSnapshot> {
    return this.#after(this.#current, signal)
  }

  async *#after(seen: ZoneSnapshot | undefined, signal: AbortSignal): AsyncGenerator<ZoneSnapshot> {
    let last = seen
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    while (!signal.aborted) {
      const changed = this.#changed.promise
      if (this.#current !== undefined && this.#current !== last) {
        last = this.#current
        yield last
      } else await Promise.race([changed, aborted])
    }
  }
}

/** So soon a delivered file is seen. */
const LOOK_EVERY_MS = 250

/**
 * A snapshot that others write, by a rename over the name: a master on the same machine, or rsync. Its time is when the
 * file was last written, so whoever touches it says that it still holds. One that cannot be used is told, once.
 */
export class SnapshotFile implements ZoneSource {
  readonly #path: string
  readonly #zone: string
  readonly #onFault: (line: string) => void
  #seen = ''
  #current: ZoneSnapshot | undefined

  private constructor(path: string, zone: string, onFault: (line: string) => void) {
    this.#path = path
    this.#zone = zone
    this.#onFault = onFault
  }

  static async open(
    path: string,
    zone: string,
    onFault: (line: string) => void,
  ): Promise<SnapshotFile> {
    const file = new SnapshotFile(path, zone, onFault)
    await file.#look()
    return file
  }

  current(): ZoneSnapshot | undefined {
    return this.#current
  }

  async *changes(signal: AbortSignal): AsyncGenerator<ZoneSnapshot> {
    while (!signal.aborted) {
      const before = this.#current
      await this.#look()
      if (this.#current !== undefined && this.#current !== before) yield this.#current
      await wait(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
    }
  }

  async #look(): Promise<void> {
    const found = await stat(this.#path).catch(() => undefined)
    const seen = found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeMs}`
    if (seen === this.#seen) return
    this.#seen = seen
    const text = await readFile(this.#path, 'utf8').catch(() => undefined)
    const parsed = text === undefined ? undefined : parseSnapshotOf(this.#zone, text)
    if (parsed?.ok === true && found !== undefined) {
      const heardAt = epochSeconds(Math.max(Math.floor(found.mtimeMs / 1000), 0))
      this.#current = { ...parsed.value, heardAt }
      return
    }
    const why = parsed === undefined ? 'it is not there' : parsed.ok ? '' : parsed.fault.reason
    this.#onFault(`cannot use the snapshot "${this.#path}": ${why}`)
  }
}
