/** A bundle as a source: what somebody carried to a mirror without a line. */
import { lstat, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describeBundleFault, readBundle } from '#adapters/bundle/index.ts'
import { readIfThere, sha256File } from '#adapters/disk/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import { type EpochMs, epochMs } from '#base/time.ts'
import type { ManifestFile } from '#core/release/index.ts'
import type { SyncReason } from '#core/sync/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { TreeSource } from './fetch-by-manifest.ts'
import type { SyncRun } from './sync-world.ts'
import type { ServedTree } from './tree-record.ts'

const STAMP = 'tuf/timestamp.json'

type Reasons = readonly SyncReason[]

interface CarriedFile {
  readonly file: string
  /** `STATE` of the mirror. */
  readonly state: string
  readonly served: ServedTree | undefined
}

export class CarriedBundle implements TreeSource, AsyncDisposable {
  readonly isLive = false
  readonly #carried: CarriedFile
  readonly #run: SyncRun
  readonly #folder: string

  constructor(carried: CarriedFile, run: SyncRun) {
    this.#carried = carried
    this.#run = run
    this.#folder = carriedFolder(carried.state)
  }

  async metadata(into: string): Promise<Outcome<'brought' | 'same', Reasons>> {
    const { file, served } = this.#carried
    await rm(this.#folder, { recursive: true, force: true })
    await mkdir(this.#folder, { mode: 0o700 })
    const { signal, print } = this.#run
    const taken = await readBundle(file, { into: this.#folder, signal })
    if (!taken.ok) return fail([{ kind: 'bad-bundle', reason: describeBundleFault(taken.fault) }])
    const stamp = await readFile(join(this.#folder, STAMP)).catch(() => undefined)
    if (stamp === undefined) return fail([{ kind: 'no-manifest', file: STAMP }])
    const shown = served && (await readFile(join(served.folder, STAMP)).catch(() => undefined))
    if (shown?.equals(stamp) === true) return ok('same')
    const told = await readIfThere(join(this.#folder, 'timestamp'))
    const seconds = Number(/^(\d{9,11})\n/.exec(told ?? '')?.[1] ?? Number.NaN)
    if (Number.isFinite(seconds)) {
      print(`it says that it is of ${new Date(seconds * 1000).toISOString()}`)
    }
    await rm(join(into, 'tuf'), { recursive: true, force: true })
    await mkdir(into, { recursive: true })
    await rename(join(this.#folder, 'tuf'), join(into, 'tuf'))
    return ok('brought')
  }

  async bring(
    { path, bytes, sha256 }: ManifestFile,
    into: string,
  ): Promise<Outcome<void, Reasons>> {
    const from = join(this.#folder, path)
    const found = await lstat(from).catch(() => undefined)
    if (found === undefined) return fail([{ kind: 'not-carried', path }])
    if (found.size !== bytes || (await sha256File(from, this.#run.signal)) !== sha256) {
      return fail([{ kind: 'wrong-hash', path, expected: sha256 }])
    }
    await rename(from, into)
    return ok(undefined)
  }

  async keep(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

export function carriedFolder(state: string): string {
  return join(state, 'carried')
}

/** A month by post; the network's own freshness, two days, comes on top. Generations never go down all the same. */
const CARRIED_MS_MAX = 30 * 24 * 3_600_000

/** The time by which a bundle is judged, so that one that was on its way for so long is still believed. */
export function carriedAt(clock: Clock): () => EpochMs {
  return () => epochMs(clock.now() - CARRIED_MS_MAX)
}
