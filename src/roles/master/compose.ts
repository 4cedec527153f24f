import { join } from 'node:path'
import {
  JournalFile,
  makeFolders,
  type PublishedTree,
  ReleaseFolder,
  takeLock,
} from '#adapters/disk/index.ts'
import { startSshDoor } from '#adapters/ssh/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { TufSigner } from '#adapters/tuf/index.ts'
import { followStore } from './follow-store.ts'
import { MasterDesk } from './master.ts'
import { loginsOf } from './mirror-door.ts'
import { type MasterOptions, masterFiles } from './options.ts'
import { makeDesk, makeMirrorDoor, makePusher } from './parts.ts'
import { Registry } from './registry.ts'
import { repeat, tellErrors } from './schedule.ts'
import { StoreJournal } from './store-journal.ts'

export interface Master extends AsyncDisposable {
  readonly name: string
  readonly ssh: { readonly host: string; readonly port: number; readonly hostKey: string }
  /** The port is fixed from the first mirror on. */
  readonly rsync: { readonly host: string; readonly port: number; readonly module: string }
  /** What is public now. */
  published(): PublishedTree | undefined
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

/** The one place that picks the world for a master: disk, rsync, ssh, TUF. Disposing it stops them in turn. */
export async function startMaster(options: MasterOptions): Promise<Master> {
  const { name, state, ssh, rsync, store, onEvent = () => {} } = options
  await makeFolders(state, 0o700)
  await using starting = new AsyncDisposableStack()
  const attempt = await takeLock(join(state, 'lock'), `master ${name}`)
  if (attempt.kind === 'busy') throw new MasterError(state, attempt.holder?.pid)
  starting.use(attempt.lock)
  const stop = new AbortController()
  const journal = new StoreJournal(
    store.journal,
    new JournalFile(join(state, 'journal-waiting.jsonl')),
  )
  const registry = await Registry.open(
    { self: name, state, store, clock: systemClock, onEvent },
    { sigmakers: options.sigmakers, mirrors: options.mirrors },
  )
  const releases = await ReleaseFolder.open({
    folder: state,
    signer: await TufSigner.load(options.networkKeys),
    kept: options.releasesKept,
  })
  const desk = await makeDesk(options, releases, registry, journal)
  // A master that has something public serves it at once; a new one has nothing to serve before its first tree.
  const begun = tellErrors(() => desk.start(stop.signal), onEvent)
  starting.defer(() => begun)
  if (releases.published === undefined) await begun
  const mirrorDoor = starting.use(makeMirrorDoor(options, releases))
  await mirrorDoor.letIn(loginsOf(registry.mirrors))
  const pusher = await makePusher(options, registry, journal)
  const master = new MasterDesk({
    name,
    state,
    sigmakers: () => registry.sigmakers,
    uploadLimits: options.uploadLimits,
    desk,
    pusher,
    published: () => releases.published,
    clock: systemClock,
  })
  const schedule = { everyMs: options.timestampEveryMs, clock: systemClock, draw: Math.random }
  starting.use(repeat(() => master.renewAndPush(stop.signal), { ...schedule, onError: onEvent }))
  const door = starting.use(
    await startSshDoor({ ...ssh, hostKeyFile: masterFiles(state).hostKey, policy: master }),
  )
  // Mirrors that missed a push while this master was away are told now (promise 5).
  const catchUp = begun.then(() => tellErrors(() => master.pushCurrent(), onEvent))
  starting.defer(() => catchUp)
  // Stopped first: whatever runs behind the door or on schedule may be waiting for a push.
  starting.use(pusher)
  starting.use(
    followStore({ store, registry, mirrorDoor, pusher, master, desk, journal, releases, onEvent }),
  )
  starting.defer(() => stop.abort(new Error('The master is stopping')))
  const running = starting.move()
  return {
    name,
    ssh: { host: door.host, port: door.port, hostKey: door.hostKey },
    get rsync() {
      return { host: rsync.host, port: mirrorDoor.port, module: options.module }
    },
    published: () => releases.published,
    caughtUp: catchUp,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
