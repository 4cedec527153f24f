/**
 * The real rsync as the receiving end. It is started with a list built anew from the vetted command, in the sigmaker's
 * folder, with an environment of its own, and with the system's limit on the size of a file: a compressed stream cannot
 * grow beyond it whatever it says about itself.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  folderFault,
  isUploadInProgress,
  type UploadCommand,
  type UploadLimitFault,
  uploadLimitText,
} from '#core/intake/index.ts'
import { received } from './channel.ts'
import type { Upload } from './upload.ts'
import { type FolderScan, scanFolder } from './upload-folder.ts'

type RsyncCommand = Extract<UploadCommand, { kind: 'rsync' }>
type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** What rsync says, in its own stream or on standard error, when the system refuses to let a file grow (EFBIG). */
const TOO_LARGE = 'File too large (27)'
/** rsync's own word for "the other side broke off". */
const STATUS_STREAM = 12
/** Guess: a line of 1 Gbit/s brings 60 MB between two looks at the folder. */
const LOOK_INTERVAL_MS = 500
/** From asking rsync to stop (it tidies up, and keeps a partial file if it was told to) to ending it. */
const STOP_TIMEOUT_MS = 2_000
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', TZ: 'UTC' }

export async function receiveByRsync(upload: Upload, command: RsyncCommand): Promise<number> {
  const { admission, channel, outlet, caller } = upload
  const before = await scanFolder(admission.folder)
  const child = start(admission.folder, admission.limits.fileBytesMax, command)
  const fault: { now: UploadLimitFault | undefined } = { now: undefined }
  const looking = setInterval(() => {
    void scanFolder(admission.folder).then(({ use }) => {
      fault.now ??= folderFault(use, admission.limits)
      if (fault.now !== undefined) stop(child)
    }, ignore)
  }, LOOK_INTERVAL_MS)
  const hangUp = (): void => {
    child.stdout.unpipe().resume()
    child.stderr.unpipe().resume()
    stop(child)
  }
  caller.gone.addEventListener('abort', hangUp, { once: true })
  caller.closing.addEventListener('abort', hangUp, { once: true })
  // The sentence goes out ahead of rsync's own: at that one the client hangs up.
  watchFor(TOO_LARGE, [child.stdout, child.stderr], () => {
    outlet.complain(
      uploadLimitText({ kind: 'file-too-large', bytesMax: admission.limits.fileBytesMax }),
    )
  })
  try {
    child.stdout.pipe(channel, { end: false })
    child.stderr.pipe(channel.stderr, { end: false })
    // rsync may end before it has read everything; how it ended says enough.
    const fed = pipeline(received(channel, caller), child.stdin).catch(ignore)
    if (caller.gone.aborted || caller.closing.aborted) hangUp()
    const [code] = await once(child, 'close')
    channel.resume()
    void fed
    const after = await scanFolder(admission.folder)
    const trimmed = await trim(upload, before, after)
    const reason = fault.now ?? trimmed
    if (reason !== undefined) outlet.complain(uploadLimitText(reason))
    if (reason !== undefined && code === 0) return 1
    return typeof code === 'number' ? code : STATUS_STREAM
  } finally {
    clearInterval(looking)
    caller.gone.removeEventListener('abort', hangUp)
    caller.closing.removeEventListener('abort', hangUp)
  }
}

function start(folder: string, fileBytesMax: number, command: RsyncCommand): Child {
  const { options, target } = command
  const path = target.kind === 'folder' ? '.' : target.name
  const limits = [`--fsize=${fileBytesMax}`, '--core=0']
  // A group of its own, because rsync forks: its receiver and its generator end together.
  return spawn('prlimit', [...limits, 'rsync', ...options, '.', path], {
    cwd: folder,
    env: ENVIRONMENT,
    stdio: 'pipe',
    detached: true,
  })
}

function stop(child: Child): void {
  signalGroup(child, 'SIGTERM')
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_TIMEOUT_MS)
  child.once('close', () => clearTimeout(timer))
}

function signalGroup(child: Child, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It ended in this moment.
  }
}

/** Calls back once when a text goes by in one of the streams, however it is cut. */
function watchFor(text: string, streams: readonly Readable[], onSeen: () => void): void {
  let seen = false
  for (const stream of streams) {
    let tail = ''
    stream.on('data', (chunk: Buffer) => {
      const joined = tail + chunk.toString('latin1')
      tail = joined.slice(-text.length)
      if (seen || !joined.includes(text)) return
      seen = true
      onSeen()
    })
  }
}

/** Where a run was faster than our looks at the folder: removes new files until it is within its limits again. */
async function trim(
  { admission }: Upload,
  before: FolderScan,
  after: FolderScan,
): Promise<UploadLimitFault | undefined> {
  const { folder, limits } = admission
  let { use } = after
  let reason: UploadLimitFault | undefined
  for (const [name, { bytes }] of [...after.files].reverse()) {
    const fault = folderFault(use, limits)
    if (fault === undefined) return reason
    if (before.files.has(name)) continue
    reason ??= fault
    await rm(join(folder, name), { force: true })
    use = { files: use.files - (isUploadInProgress(name) ? 0 : 1), bytes: use.bytes - bytes }
  }
  return reason
}

function ignore(): void {}
