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
import { MasterDesk } from './master.ts'
import { type MasterOptions, masterFiles } from './options.ts'
import { makeDesk, makePusher, startDaemon } from './parts.ts'
import { repeat, tellErrors } from './schedule.ts'

export interface Master extends AsyncDisposable {
  readonly name: string
  readonly ssh: { readonly host: string; readonly port: number; readonly hostKey: string }
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
  const { name, state, ssh, rsync, onEvent = () => {} } = options
  await makeFolders(state, 0o700)
  await using starting = new AsyncDisposableStack()
  const attempt = await takeLock(join(state, 'lock'), `master ${name}`)
  if (attempt.kind === 'busy') throw new MasterError(state, attempt.holder?.pid)
  starting.use(attempt.lock)
  const journal = new JournalFile(join(state, 'journal.jsonl'))
  const releases = await ReleaseFolder.open({
    folder: state,
    signer: await TufSigner.load(options.networkKeys),
    kept: options.releasesKept,
  })
  const desk = await makeDesk(options, releases, journal)
  await desk.publishFirst()
  const daemon = starting.use(await startDaemon(options, releases))
  const pusher = await makePusher(options, journal)
  const master = await MasterDesk.open({
    name,
    state,
    sigmakers: options.sigmakers,
    uploadLimits: options.uploadLimits,
    desk,
    pusher,
    published: () => releases.published,
    clock: systemClock,
  })
  const schedule = { everyMs: options.timestampEveryMs, clock: systemClock, draw: Math.random }
  starting.use(repeat(() => master.renewAndPush(), { ...schedule, onError: onEvent }))
  const door = starting.use(
    await startSshDoor({ ...ssh, hostKeyFile: masterFiles(state).hostKey, policy: master }),
  )
  // Mirrors that missed a push while this master was away are told now (promise 5).
  const catchUp = tellErrors(() => master.pushCurrent(), onEvent)
  starting.defer(() => catchUp)
  // Stopped first: whatever runs behind the door or on schedule may be waiting for a push.
  starting.use(pusher)
  const running = starting.move()
  return {
    name,
    ssh: { host: door.host, port: door.port, hostKey: door.hostKey },
    rsync: { host: rsync.host, port: daemon?.port ?? rsync.port, module: options.module },
    published: () => releases.published,
    caughtUp: catchUp,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
