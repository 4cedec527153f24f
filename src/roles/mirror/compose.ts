/** The one place that picks the world for a mirror: rsync, TUF, disk, HTTP, ssh. */
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { JournalFile, MirrorTrees } from '#adapters/disk/index.ts'
import { loadSnapshot, type Snapshot } from '#adapters/http/index.ts'
import { RsyncTransfer } from '#adapters/rsync/index.ts'
import { startSshDoor } from '#adapters/ssh/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { TufVerifier } from '#adapters/tuf/index.ts'
import { DELETE_SHARE_MAX, REBUILD_BYTES_MIN } from '#core/sync/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { ManifestVerifier } from '#ports/manifest-signer.ts'
import type { SshAdmission, SshCall, SshPublicKey } from '#ports/ssh-door.ts'
import { SYNC_STATUS, type SyncEnd, SyncRunner, type Voice } from './runner.ts'
import { loadSettings, type MirrorSettings } from './settings.ts'
import { readTree } from './tree-record.ts'
import { startWeb, type WebOptions } from './web.ts'

/** Account of the 2004 description that the masters call (R47). */
export const SYNC_USER = 'clamavdb'
/** How often a running mirror looks whether another process (`cvdnet clientsync`) has switched the tree. */
const LOOK_FOR_SWITCH_MS = 1_000

export class MirrorError extends Error {
  override readonly name = 'MirrorError'
  readonly code: 'bad-conf'
  /** Every fault, a line each. */
  readonly faults: readonly string[]

  constructor(code: MirrorError['code'], action: string, faults: readonly string[]) {
    super(`Cannot ${action}: ${faults.join('; ')}`)
    this.code = code
    this.faults = faults
  }
}

export interface SyncOptions {
  readonly confFile: string
  /** What `$HOME` and `~` mean in it. */
  readonly home?: string
  readonly deleteShareMax?: number
  /** Databases are made again out of patches where that can be; true unless told. */
  readonly rebuild?: boolean
  /** From so many bytes on. */
  readonly rebuildBytesMin?: number
  readonly clock?: Clock
  /** For tests: who is believed instead of TUF. */
  readonly manifests?: ManifestVerifier
  readonly onStep?: (step: string) => void
}

export interface MirrorOptions extends SyncOptions, WebOptions {
  readonly name: string
  readonly ssh: { readonly host: string; readonly port: number }
  readonly hostKeyFile: string
  /** `name` is one in MASTERS of the conf, or a host. */
  readonly masters: readonly { readonly name: string; readonly key: SshPublicKey }[]
  /** Things an operator should see and that have no caller to be told to. */
  readonly onEvent?: (line: string) => void
}

export interface Mirror extends AsyncDisposable {
  readonly name: string
  readonly http: { readonly host: string; readonly port: number }
  readonly https: { readonly host: string; readonly port: number } | undefined
  readonly ssh: { readonly host: string; readonly port: number; readonly hostKey: SshPublicKey }
  /** What is served now. */
  served(): { readonly serial: number; readonly generation: number } | undefined
  sync(master: string, voice: Voice): Promise<SyncEnd>
}

/** One sync from `master`, as `cvdnet clientsync` runs it. Throws `MirrorError` for a conf that cannot be used. */
export async function syncOnce(
  options: SyncOptions & {
    readonly master: string
    readonly voice: Voice
    readonly signal: AbortSignal
  },
): Promise<SyncEnd> {
  const settings = await settingsOf(options)
  const { runner } = await makeRunner(settings, options)
  return await runner.run(options.master, options.voice, options.signal)
}

/** A mirror in the foreground: web server and ssh door. Disposing it closes both and stops a sync that is running. */
export async function startMirror(options: MirrorOptions): Promise<Mirror> {
  const { name, onEvent = () => {} } = options
  const settings = await settingsOf(options)
  await using starting = new AsyncDisposableStack()
  const stop = new AbortController()
  const shelf = new Shelf(settings)
  const { runner } = await makeRunner(settings, options, () => shelf.refresh(stop.signal))
  await shelf.refresh(stop.signal)
  const { http, https } = starting.use(
    await startWeb(options, {
      mirror: name,
      state: settings.state,
      localFolder: settings.to,
      source: () => shelf.snapshot,
      clock: options.clock ?? systemClock,
      onEvent,
    }),
  )
  const running = new Set<Promise<unknown>>()
  const sync = (master: string, voice: Voice): Promise<SyncEnd> => {
    const run = runner.run(master, voice, stop.signal)
    running.add(run)
    return run.finally(() => running.delete(run))
  }
  const admit = (user: string, key: SshPublicKey) => admission(options, { user, key }, sync)
  const door = await startSshDoor({
    ...options.ssh,
    hostKeyFile: options.hostKeyFile,
    policy: { admit },
  })
  const tell: Voice = { print: onEvent, complain: onEvent }
  const background = [
    runner.resume(tell, stop.signal),
    shelf.keepFresh(options.clock ?? systemClock, stop.signal),
  ].map((task) => task.catch((error: unknown) => stop.signal.aborted || onEvent(String(error))))
  starting.defer(async () => {
    await Promise.allSettled([...background, ...running])
  })
  starting.use(door)
  starting.defer(() => stop.abort(new Error('the mirror is stopping')))
  const owned = starting.move()
  return {
    name,
    http: { host: http.host, port: http.port },
    https: https && { host: https.host, port: https.port },
    ssh: { host: door.host, port: door.port, hostKey: door.hostKey },
    served: () => shelf.served,
    sync,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A master's key opens one door: the sync from exactly that master, whatever was typed (R50, R94). */
function admission(
  { masters }: MirrorOptions,
  { user, key }: { readonly user: string; readonly key: SshPublicKey },
  sync: (master: string, voice: Voice) => Promise<SyncEnd>,
): SshAdmission | undefined {
  const master = masters.find((each) => each.key === key)
  if (user !== SYNC_USER || master === undefined) return undefined
  const run = async (call: SshCall): Promise<number> => {
    const voice = {
      print: (line: string) => call.print(line),
      complain: (line: string) => call.complain(line),
    }
    return SYNC_STATUS[(await sync(master.name, voice)).kind]
  }
  return { kind: 'command', run }
}

/** The served tree, in memory. */
class Shelf {
  snapshot: Snapshot | undefined
  served: { readonly serial: number; readonly generation: number } | undefined
  readonly #trees: MirrorTrees

  constructor({ state }: MirrorSettings) {
    this.#trees = new MirrorTrees(state)
  }

  async refresh(signal: AbortSignal): Promise<void> {
    const tree = readTree(await this.#trees.current())
    if (tree === undefined || tree.record.generation === this.served?.generation) return
    const { serial, generation, files } = tree.record
    const lastModified = (path: string) => files.get(path)?.lastModified
    const snapshot = await loadSnapshot(tree.folder, { lastModified, signal })
    this.snapshot = snapshot
    this.served = { serial, generation }
  }

  async keepFresh(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(LOOK_FOR_SWITCH_MS, signal)
      // A tree may go while it is read, when two releases follow each other closely; the next look finds the newer one.
      await this.refresh(signal).catch(() => {})
    }
  }
}

async function settingsOf({ confFile, home = homedir() }: SyncOptions): Promise<MirrorSettings> {
  const settings = await loadSettings(confFile, home)
  if (!settings.ok) throw new MirrorError('bad-conf', `use "${confFile}"`, settings.fault)
  return settings.value
}

async function makeRunner(
  settings: MirrorSettings,
  options: SyncOptions,
  onSwitched?: () => Promise<void>,
): Promise<{ readonly runner: SyncRunner }> {
  const { state, tufRoot } = settings
  const { rebuild = true, rebuildBytesMin = REBUILD_BYTES_MIN } = options
  await mkdir(state, { recursive: true, mode: 0o700 })
  const world = {
    settings,
    transfer: new RsyncTransfer(),
    manifests:
      options.manifests ?? new TufVerifier({ folder: join(state, 'tuf'), rootFile: tufRoot }),
    clock: options.clock ?? systemClock,
    deleteShareMax: options.deleteShareMax ?? DELETE_SHARE_MAX,
    rebuildBytesMin: rebuild ? rebuildBytesMin : Number.POSITIVE_INFINITY,
    ...(onSwitched && { onSwitched }),
    ...(options.onStep && { onStep: options.onStep }),
  }
  return { runner: new SyncRunner(world, new JournalFile(join(state, 'journal.jsonl'))) }
}
