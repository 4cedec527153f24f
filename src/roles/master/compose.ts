import { join } from 'node:path'
import {
  JournalFile,
  makeFolders,
  type PublishedTree,
  ReleaseFolder,
  readIfThere,
  takeLock,
} from '#adapters/disk/index.ts'
import { startNotifySocket } from '#adapters/notify-socket/index.ts'
import { startSshDoor } from '#adapters/ssh/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { TufSigner } from '#adapters/tuf/index.ts'
import { DEFAULT_ENGINE } from '#core/zone/index.ts'
import { enrol } from './enrol.ts'
import { followStore } from './follow-store.ts'
import { followUpstream } from './follow-upstream.ts'
import { MasterDesk } from './master.ts'
import { loginsOf } from './mirror-door.ts'
import { type MasterOptions, masterFiles } from './options.ts'
import { PageFacts } from './page-facts.ts'
import { makeDesk, makeMirrorDoor, makePeering, makePusher, makeTrigger } from './parts.ts'
import { Registry } from './registry.ts'
import type { ReleaseDesk } from './release-desk.ts'
import { tellMissedRelease } from './release-news.ts'
import { tellErrors } from './schedule.ts'
import { startSchedules } from './schedules.ts'
import { StoreJournal } from './store-journal.ts'
import { teamWriter } from './team-writer.ts'

export interface Master extends AsyncDisposable {
  readonly name: string
  readonly ssh: { readonly host: string; readonly port: number; readonly hostKey: string }
  /** The port is fixed from the first mirror on. */
  readonly rsync: { readonly host: string; readonly port: number; readonly module: string }
  /** What is public now. */
  published(): PublishedTree | undefined
  /** Resolves when no release is being judged or published. Undefined: none is. */
  underWay(): Promise<void> | undefined
  /** Resolves when the mirrors that missed a push were told, or could not be reached. */
  readonly caughtUp: Promise<void>
}

/** Two masters on one state folder would sweep each other's drafts and end each other's rsync daemon. */
export class MasterError extends Error {
  override readonly name = 'MasterError'
  readonly code = 'already-running'

  constructor(state: string, pid: number | undefined) {
    super(
      `Cannot start: ${pid === undefined ? 'another process' : `process ${pid}`} runs on "${state}"`,
    )
  }
}

const STOPPING = new Error('The master is stopping')

/** The one place that picks the world for a master: disk, rsync, ssh, TUF. Disposing it stops them in turn. */
export async function startMaster(options: MasterOptions): Promise<Master> {
  const { name, state, ssh, rsync, store, onEvent = () => {} } = options
  await makeFolders(state, 0o700)
  await using starting = new AsyncDisposableStack()
  const attempt = await takeLock(join(state, 'lock'), `master ${name}`)
  if (attempt.kind === 'busy') throw new MasterError(state, attempt.holder?.pid)
  starting.use(attempt.lock)
  const stop = new AbortController()
  const parts = await openParts(options, stop.signal)
  const { registry, releases, journal, desk, peering, tellTeam } = parts
  const { begun, canGoOn } = beginPublishing(desk, options, stop.signal)
  starting.defer(() => begun)
  starting.defer(() => stop.abort(STOPPING))
  // A new master has nothing to serve before its first tree.
  if (releases.published === undefined) await canGoOn
  const mirrorDoor = starting.use(makeMirrorDoor(options, releases))
  await mirrorDoor.letIn(loginsOf(registry.mirrors, registry.peers))
  const pusher = makePusher(options, registry, journal, parts.trigger)
  const master = new MasterDesk({
    name,
    state,
    sigmakers: () => registry.sigmakers,
    peers: () => registry.peers,
    uploadLimits: options.uploadLimits,
    desk,
    pusher,
    published: () => releases.published,
    peering,
    tellTeam,
    clock: systemClock,
  })
  starting.use(startSchedules({ ...parts, options, master, signal: stop.signal }))
  // The next master on this folder must not meet a release of this one.
  starting.defer(() => desk.underWay())
  const door = starting.use(
    await startSshDoor({ ...ssh, hostKeyFile: masterFiles(state).hostKey, policy: master }),
  )
  starting.use(await openNotifySocket(options, master))
  // Mirrors that missed a push while this master was away are told now (promise 5).
  const catchUp = begun.then(() => tellErrors(() => master.pushCurrent(undefined, true), onEvent))
  starting.defer(() => catchUp)
  starting.use(await followUpstream({ ...parts, options, master, begun, signal: stop.signal }))
  // Stopped first: whatever runs behind the door or on schedule may be waiting for a push.
  starting.use(pusher)
  starting.use(
    followStore({
      ...parts,
      store,
      mirrorDoor,
      pusher,
      master,
      clock: systemClock,
      signal: stop.signal,
      onEvent,
    }),
  )
  starting.defer(() => stop.abort(STOPPING))
  const running = starting.move()
  return {
    name,
    ssh: { host: door.host, port: door.port, hostKey: door.hostKey },
    get rsync() {
      return { host: rsync.host, port: mirrorDoor.port, module: options.module }
    },
    published: () => releases.published,
    underWay: () => desk.underWay(),
    caughtUp: catchUp,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Not everybody needs it, so that a master goes on without: a long path of the state is no socket's. */
async function openNotifySocket(
  { state, onEvent = () => {} }: MasterOptions,
  master: MasterDesk,
): Promise<AsyncDisposable> {
  const path = masterFiles(state).notifySocket
  const run = master.notify.bind(master)
  return await startNotifySocket({ path, run }).catch((error: unknown) => {
    onEvent(`no triggers by "${path}": ${error instanceof Error ? error.message : String(error)}`)
    return new AsyncDisposableStack()
  })
}

/** What a master decides with, on disk and in the store. */
async function openParts(options: MasterOptions, signal: AbortSignal) {
  const { name, zone, state, store, onEvent = () => {} } = options
  const waiting = new JournalFile(join(state, 'journal-waiting.jsonl'))
  const journal = new StoreJournal(store.journal, waiting)
  const registry = await Registry.open(
    { self: name, state, store, clock: systemClock, onEvent },
    { sigmakers: options.sigmakers, mirrors: options.mirrors },
  )
  const releases = await ReleaseFolder.open({
    folder: state,
    signer: await TufSigner.load(options.networkKeys),
    kept: options.releasesKept,
  })
  await enrol(options, registry)
  const trigger = await makeTrigger(options)
  const peering = makePeering(options, releases, registry, trigger, signal)
  const facts = new PageFacts({
    zone,
    engine: options.engine ?? DEFAULT_ENGINE,
    store,
    clock: systemClock,
    publicFile: (path) => readIfThere(join(releases.current, path)),
  })
  await tellErrors(() => facts.refresh(), onEvent)
  const desk = await makeDesk(options, releases, facts, journal, peering)
  return {
    journal,
    registry,
    releases,
    trigger,
    peering,
    facts,
    desk,
    tellTeam: teamWriter({ self: name, zone, store, clock: systemClock, onEvent }),
  }
}

/** Waits for other masters and the store by itself; whoever starts the master goes on when it has to. */
function beginPublishing(
  desk: ReleaseDesk,
  { name: self, zone, store, onEvent = () => {} }: MasterOptions,
  signal: AbortSignal,
): { readonly begun: Promise<void>; readonly canGoOn: Promise<void> } {
  const waits = Promise.withResolvers<void>()
  const say = (line: string) => {
    onEvent(line)
    waits.resolve()
  }
  const begun = tellErrors(async () => {
    await desk.start(say, signal)
    await tellMissedRelease({ self, zone, store, clock: systemClock })
  }, onEvent)
  return { begun, canGoOn: Promise.race([begun, waits.promise]) }
}
