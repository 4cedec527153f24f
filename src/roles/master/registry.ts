import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '#adapters/disk/index.ts'
import {
  type MirrorRecord,
  type RegistrySnapshot,
  type SigmakerRecord,
  snapshotCodec,
} from '#core/mirrors/index.ts'
import type { Clock } from '#ports/clock.ts'
import { type Records, type Store, StoreError } from '#ports/store.ts'

export interface RegistryOptions {
  readonly self: string
  readonly state: string
  readonly store: Pick<Store, 'registry' | 'journal'>
  readonly clock: Clock
  readonly onEvent: (line: string) => void
}

/** What the journal says of one who was taken in, by whatever way. */
export const ADDED_SIGMAKER = 'sigmaker-added'
export const ADDED_MIRROR = 'mirror-added'
/** Entries of one name that are looked through. */
const HISTORY_READ = 100_000

/**
 * Whom this master serves, as the registry has it. What was read last is kept on disk, so that sigmakers are let in and
 * mirrors served while the store is away (decision 9), also after a restart.
 */
export class Registry {
  readonly #options: RegistryOptions
  #snapshot: RegistrySnapshot = { sigmakers: [], mirrors: [] }

  private constructor(options: RegistryOptions) {
    this.#options = options
  }

  /** `settled` are the settings' own: each is taken in once, when nobody of its name is there; then the registry holds. */
  static async open(options: RegistryOptions, settled: RegistrySnapshot): Promise<Registry> {
    const registry = new Registry(options)
    try {
      await registry.#takeIn(settled)
      await registry.refresh()
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      options.onEvent(`${error.message}; going on with what was known last`)
      await registry.#use((await registry.#readSnapshot()) ?? settled)
    }
    return registry
  }

  get sigmakers(): readonly SigmakerRecord[] {
    return this.#snapshot.sigmakers
  }

  get mirrors(): readonly MirrorRecord[] {
    return this.#snapshot.mirrors
  }

  /** Reads it again. Throws `StoreError`; then what was known holds. */
  async refresh(): Promise<void> {
    const { sigmakers, mirrors } = this.#options.store.registry
    const snapshot = {
      sigmakers: (await sigmakers.list()).map(({ value }) => value),
      mirrors: (await mirrors.list()).map(({ value }) => value),
    }
    const text = snapshotCodec.print(snapshot)
    if (text === snapshotCodec.print(this.#snapshot)) return
    await this.#use(snapshot)
    await writeFileAtomic(this.#file, text, { mode: 0o600 })
  }

  /** A sigmaker's folder is there before his key opens the door. */
  async #use(snapshot: RegistrySnapshot): Promise<void> {
    for (const { name } of snapshot.sigmakers) {
      await mkdir(uploadFolder(this.#options.state, name), { recursive: true, mode: 0o700 })
    }
    this.#snapshot = snapshot
  }

  async #takeIn({ sigmakers, mirrors }: RegistrySnapshot): Promise<void> {
    const { registry } = this.#options.store
    for (const one of sigmakers) {
      await this.#takeInOne(registry.sigmakers, one, ADDED_SIGMAKER)
    }
    for (const one of mirrors) await this.#takeInOne(registry.mirrors, one, ADDED_MIRROR)
  }

  /** One whom the team removed does not come back because a file still names him. */
  async #takeInOne<T extends { readonly name: string }>(
    records: Records<T>,
    record: T,
    what: string,
  ): Promise<void> {
    const { self, clock, store, onEvent } = this.#options
    const { name } = record
    if ((await records.get(name)) !== undefined) return
    const history = await store.journal.read({ limit: HISTORY_READ, subject: name })
    if (history.some((entry) => entry.what === what)) {
      onEvent(`"${name}" was removed from the registry, and stays out though the settings name it`)
      return
    }
    const why = ["from this master's settings; from now on the registry holds"]
    const entry = { at: clock.now(), who: self, what, subject: name, why }
    await records.put(name, record, undefined, entry)
  }

  async #readSnapshot(): Promise<RegistrySnapshot | undefined> {
    const text = await readFile(this.#file, 'utf8').catch(() => '')
    const read = snapshotCodec.parse(text)
    return read.ok ? read.value : undefined
  }

  get #file(): string {
    return join(this.#options.state, 'registry.json')
  }
}

export function uploadFolder(state: string, sigmaker: string): string {
  return join(state, 'uploads', sigmaker, 'public_html')
}
