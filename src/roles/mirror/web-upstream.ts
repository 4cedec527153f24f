/** Mirrors of the network as a source: for a mirror that no master can call, since HTTP and HTTPS leave any office. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AskingRun,
  askServer,
  askServers,
  Failures,
  fetchMetadata,
} from '#adapters/database-server/index.ts'
import { diskError, sha256File } from '#adapters/disk/index.ts'
import { fail, type Outcome, ok } from '#base/outcome.ts'
import type { ManifestFile } from '#core/release/index.ts'
import type { SyncReason } from '#core/sync/index.ts'
import { type NotFetched, ServerWalk } from '#core/update/index.ts'
import type { DatabaseServer } from '#ports/database-server.ts'
import { TransferError } from '#ports/transfer.ts'
import type { TreeSource } from './fetch-by-manifest.ts'
import type { SyncRun, SyncWorld } from './sync-world.ts'
import type { ServedTree } from './tree-record.ts'

const STAMP = 'tuf/timestamp.json'
/** It has a kilobyte. */
const STAMP_BYTES_MAX = 64 * 1024
/** Tries at one mirror that does not answer, as freshclam's `MaxAttempts`. */
const ATTEMPTS_MAX = 3

/** Guess: what comes within a second or two is not worth a note of how far it came. */
const SMALL_BYTES_MAX = 128 * 1024
const NOT_LISTED = 'it is not what the manifest lists'

type Reasons = readonly SyncReason[]

/** What a mirror has. */
interface Offer {
  readonly server: string
  readonly generation: number
  /** Where its metadata is; undefined: it is what is served here. */
  readonly folder: string | undefined
}

export class WebUpstream implements TreeSource, AsyncDisposable {
  readonly isLive = true
  readonly #web: DatabaseServer & AsyncDisposable
  readonly #world: SyncWorld
  readonly #signal: AbortSignal
  readonly #served: ServedTree | undefined
  readonly #servers: readonly string[]
  readonly #voice: AskingRun['voice']
  /** Where files are on their way; what broke off there goes on with the next run. */
  readonly #folder: string
  #run: AskingRun

  private constructor(
    servers: readonly string[],
    world: SyncWorld,
    run: SyncRun,
    served: ServedTree | undefined,
  ) {
    this.#web = world.openWeb()
    this.#world = world
    this.#signal = run.signal
    this.#served = served
    this.#servers = servers
    this.#voice = { complain: (line) => run.print(`  ${line}`) }
    this.#folder = downloadFolder(world.settings.state)
    this.#run = this.#asking(servers)
  }

  static open(
    servers: readonly string[],
    world: SyncWorld,
    run: SyncRun,
    served: ServedTree | undefined,
  ): WebUpstream {
    return new WebUpstream(servers, world, run, served)
  }

  /** From the mirror with the newest generation; the others are asked later for what that one has not. */
  async metadata(into: string): Promise<Outcome<'brought' | 'same', Reasons>> {
    this.#run = this.#asking(this.#servers)
    const failures = new Failures()
    // One that does not answer keeps none of the others waiting, and all are over when this is.
    const looks = this.#run.walk.order.map((server) => this.#look(server, failures))
    await Promise.allSettled(looks)
    const offers = (await Promise.all(looks)).filter((offer) => offer !== undefined)
    const [best] = offers.toSorted((a, b) => b.generation - a.generation)
    this.#tell()
    if (best === undefined) return this.#nobody(failures)
    if (best.folder === undefined) return await this.#stillHolds()
    await rm(join(into, 'tuf'), { recursive: true, force: true })
    await mkdir(into, { recursive: true })
    await rename(join(best.folder, 'tuf'), join(into, 'tuf'))
    const behind = offers.filter(({ generation }) => generation < best.generation)
    for (const { server } of behind) this.#run.walk.putLast(server)
    this.#run = this.#asking([best.server, ...this.#run.walk.order])
    return ok('brought')
  }

  async bring(file: ManifestFile, into: string): Promise<Outcome<void, Reasons>> {
    const { bytes } = file
    return bytes > 0 && bytes <= SMALL_BYTES_MAX
      ? await this.#bringSmall(file, into)
      : await this.#bringLarge(file, into)
  }

  /** In one piece, and without a note of how far it came. */
  async #bringSmall(file: ManifestFile, into: string): Promise<Outcome<void, Reasons>> {
    const { path, bytes, sha256 } = file
    const ask = (url: URL) => this.#web.start({ url, signal: this.#signal }, bytes)
    const taken = await askServers(this.#run, { file: path, ask }, async (content) => {
      const isListed = createHash('sha256').update(content).digest('hex') === sha256
      return isListed ? undefined : NOT_LISTED
    })
    this.#tell()
    if (!taken.ok) return this.#nobodyHas(file, taken.fault)
    try {
      await writeFile(into, taken.value.content, { flag: 'wx', mode: 0o644 })
    } catch (error) {
      throw diskError(`write "${into}"`, error)
    }
    return ok(undefined)
  }

  async #bringLarge(file: ManifestFile, into: string): Promise<Outcome<void, Reasons>> {
    const { path, bytes, sha256 } = file
    // The name is of the content, so that what broke off of another release is never gone on with.
    const part = join(this.#folder, sha256)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const signal = this.#signal
    const ask = (url: URL) => this.#web.download({ url, signal }, part, bytes)
    const taken = await askServers(this.#run, { file: path, ask }, async (length) => {
      if (length === bytes && (await sha256File(part, signal)) === sha256) return undefined
      await rm(part, { force: true })
      return NOT_LISTED
    })
    this.#tell()
    if (!taken.ok) return this.#nobodyHas(file, taken.fault)
    await rename(part, into)
    return ok(undefined)
  }

  #nobodyHas({ path, sha256 }: ManifestFile, failures: Failures): Outcome<never, Reasons> {
    const { refused, unreached, missing } = failures
    if (refused.length > 0) return fail([{ kind: 'wrong-hash', path, expected: sha256 }])
    if (unreached.length === 0 && missing.length > 0) return fail([{ kind: 'missing', path }])
    throw this.#unreached(failures.end(path, this.#run))
  }

  async keep(hashes: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const [hash = ''] = name.split('.')
      if (!hashes.has(hash)) await rm(join(this.#folder, name), { recursive: true, force: true })
    }
  }

  async #look(server: string, failures: Failures): Promise<Offer | undefined> {
    const ask = (url: URL) => this.#web.start({ url, signal: this.#signal }, STAMP_BYTES_MAX)
    const stamp = await askServer(this.#run, server, { file: STAMP, ask })
    if (stamp.kind !== 'found') {
      failures.note(this.#run, { server, file: STAMP }, stamp)
      return undefined
    }
    const served = this.#served
    if (served !== undefined && (await isContent(join(served.folder, STAMP), stamp.content))) {
      return { server, generation: served.record.generation, folder: undefined }
    }
    const folder = join(this.#folder, `metadata-${this.#servers.indexOf(server)}`)
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { manifests } = this.#world
    const rootVersion = await manifests.rootVersion()
    const fetched = await fetchMetadata(this.#run, this.#web, {
      from: server,
      into: folder,
      rootVersion,
    })
    if (!fetched.ok) {
      failures.add(fetched.fault)
      return undefined
    }
    const verified = await manifests.verify(folder, this.#signal)
    if (verified.ok) {
      const { manifest } = verified.value
      return { server, generation: manifest.generation, folder }
    }
    const { fault } = verified
    const reason = fault.kind === 'no-manifest' ? 'it has none' : fault.reason
    failures.refuse(this.#run, { server, file: 'the signed manifest' }, reason)
    return undefined
  }

  /** Nobody has anything newer; that this is so is believed as long as what is served is fresh. */
  async #stillHolds(): Promise<Outcome<'same', Reasons>> {
    const verified = await this.#world.manifests.verify(this.#served?.folder ?? '', this.#signal)
    return verified.ok ? ok('same') : fail([verified.fault])
  }

  #nobody(failures: Failures): Outcome<never, Reasons> {
    const end = failures.end(STAMP, this.#run)
    if (end.kind === 'refused') {
      return fail(end.reasons.map((reason) => ({ kind: 'manifest-not-trusted', reason })))
    }
    throw this.#unreached(end)
  }

  #unreached(end: NotFetched): TransferError {
    const words =
      end.kind === 'left-alone'
        ? `they ask to be left alone for ${end.seconds} seconds`
        : end.reasons.join('; ')
    return new TransferError('unreachable', `pull from the mirrors in UPSTREAM: ${words}`)
  }

  #asking(servers: readonly string[]): AskingRun {
    return {
      walk: new ServerWalk(servers),
      troubles: [],
      attemptsMax: ATTEMPTS_MAX,
      clock: this.#world.clock,
      signal: this.#signal,
      voice: this.#voice,
    }
  }

  /** What servers did wrong, once. */
  #tell(): void {
    for (const line of this.#run.troubles.splice(0)) this.#voice.complain(line)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#web[Symbol.asyncDispose]()
  }
}

export function downloadFolder(state: string): string {
  return join(state, 'downloads')
}

async function isContent(file: string, content: Uint8Array): Promise<boolean> {
  const found = await readFile(file).catch(() => undefined)
  return found?.equals(content) ?? false
}
