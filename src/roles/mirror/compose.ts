/** The one place that picks the world for a mirror: rsync, TUF, disk, HTTP, ssh. */
import { homedir } from 'node:os'
import { systemClock } from '#adapters/system/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { SshPublicKey } from '#ports/ssh-door.ts'
import { ChangeReport, type Changes } from './changes.ts'
import { type GateOptions, MastersGate } from './masters-gate.ts'
import { OwnPulls } from './own-pulls.ts'
import type { SyncEnd, Voice } from './runner.ts'
import { loadSettings, type MirrorSettings } from './settings.ts'
import { Shelf } from './shelf.ts'
import { type SyncRules, Syncs } from './syncs.ts'
import { Web, type WebOptions } from './web.ts'

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

export interface SyncOptions extends SyncRules {
  readonly confFile: string
  /** What `$HOME` and `~` mean in it. */
  readonly home?: string
}

export interface MirrorOptions extends SyncOptions, WebOptions, GateOptions {
  readonly name: string
  readonly clock?: Clock
  /** It pulls by itself so often; undefined: only when it is called. */
  readonly pullEveryMs?: number | undefined
  /** Things an operator should see and that have no caller to be told to. */
  readonly onEvent?: (line: string) => void
}

export interface Mirror extends AsyncDisposable {
  readonly name: string
  readonly http: { readonly host: string; readonly port: number }
  readonly https: { readonly host: string; readonly port: number } | undefined
  /** Where masters call; undefined where there are none. */
  readonly ssh:
    | { readonly host: string; readonly port: number; readonly hostKey: SshPublicKey }
    | undefined
  /** What is served now. */
  served(): { readonly serial: number; readonly generation: number } | undefined
  sync(master: string, voice: Voice): Promise<SyncEnd>
  /**
   * Follows other options, and what the conf says now, while everybody is served on. Undefined: that cannot be without a
   * new start, and nothing was done. Throws `MirrorError` for a conf that cannot be used.
   */
  change(options: MirrorOptions): Promise<Changes | undefined>
}

/** One sync from `master`, as `cvdnet clientsync` runs it. Throws `MirrorError` for a conf that cannot be used. */
export async function syncOnce(
  options: SyncOptions & {
    readonly master: string
    readonly voice: Voice
    readonly signal: AbortSignal
  },
): Promise<SyncEnd> {
  const { master, voice, signal } = options
  const syncs = await Syncs.open(await settingsOf(options), options, { signal })
  return await syncs.run(master, voice)
}

/** A mirror in the foreground: web server and ssh door. Disposing it closes both and stops a sync that is running. */
export async function startMirror(options: MirrorOptions): Promise<Mirror> {
  const settings = await settingsOf(options)
  await using starting = new AsyncDisposableStack()
  const stop = new AbortController()
  const clock = options.clock ?? systemClock
  const onEvent = options.onEvent ?? (() => {})
  const shelf = new Shelf(settings.state)
  const syncs = await Syncs.open(settings, options, {
    onSwitched: () => shelf.refresh(stop.signal),
    signal: stop.signal,
  })
  await shelf.refresh(stop.signal)
  const web = starting.use(
    await Web.start(options, {
      mirror: options.name,
      state: settings.state,
      localFolder: settings.to,
      snapshot: shelf.snapshot,
      clock,
      onEvent,
    }),
  )
  shelf.publish = (snapshot) => web.publish(snapshot)
  const gate = await MastersGate.open(options, syncs)
  const tell: Voice = { print: onEvent, complain: onEvent }
  const pulls = new OwnPulls(options.pullEveryMs, { syncs, clock, draw: Math.random, voice: tell })
  const background = [syncs.resume(tell), shelf.keepFresh(clock, onEvent, stop.signal)].map(
    (task) => task.catch((error: unknown) => stop.signal.aborted || onEvent(String(error))),
  )
  starting.defer(async () => {
    await Promise.allSettled([...background, syncs.atRest()])
  })
  starting.use(pulls)
  starting.use(gate)
  starting.defer(() => stop.abort(new Error('the mirror is stopping')))
  const owned = starting.move()
  return {
    name: options.name,
    get http() {
      return web.http
    },
    get https() {
      return web.https
    },
    get ssh() {
      return gate.place
    },
    served: () => shelf.served,
    sync: (master, voice) => syncs.run(master, voice),
    change: async (next) => {
      const wanted = await settingsOf(next)
      if (next.name !== options.name || !isSamePlace(settings, wanted)) return undefined
      const report = new ChangeReport()
      await syncs.follow(wanted, next, report)
      await gate.follow(next, report)
      await pulls.follow(next.pullEveryMs, report)
      const { done, left } = await web.change(next)
      return { done: [...report.done, ...done], left: [...report.left, ...left] }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Trees, trust and locks are where they are as long as a mirror runs. */
function isSamePlace(now: MirrorSettings, wanted: MirrorSettings): boolean {
  return now.to === wanted.to && now.state === wanted.state
}

async function settingsOf({ confFile, home = homedir() }: SyncOptions): Promise<MirrorSettings> {
  const settings = await loadSettings(confFile, home)
  if (!settings.ok) throw new MirrorError('bad-conf', `use "${confFile}"`, settings.fault)
  return settings.value
}
