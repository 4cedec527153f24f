/**
 * The real rsync as the receiving end. It is started with a list built anew from the vetted command, in the sigmaker's
 * folder, with an environment of its own, and with the system's limit on the size of a file: a compressed stream cannot
 * grow beyond it whatever it says about itself.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import {
  folderFault,
  UPLOAD_FOLDER_NAME,
  type UploadCommand,
  type UploadFolderLimits,
  type UploadLimitFault,
  uploadLimitText,
} from '#core/intake/index.ts'
import { type Outlet, received } from './channel.ts'
import { LineSplitter } from './text.ts'
import type { Upload } from './upload.ts'
import { type FolderScan, scanFolder } from './upload-folder.ts'

type RsyncCommand = Extract<UploadCommand, { kind: 'rsync' }>
type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** What rsync says when the system refuses to let a file grow (EFBIG). */
const TOO_LARGE = 'File too large (27)'
/**
 * Makes each of rsync's processes say its own errors on standard error. Passed on through the protocol, as by default,
 * about one in a hundred is lost when rsync 3.5 ends at once.
 */
const OWN_WORDS = '--msgs2stderr'
/** As the command line's contract has it. */
const STATUS_REFUSED = 1
/** rsync's own word for "the other side broke off". */
const STATUS_STREAM = 12
/** Guess: a line of 1 Gbit/s brings 60 MB between two looks at the folder. */
const LOOK_INTERVAL_MS = 500
/** Guess: what a loaded machine takes to show a line that has arrived. */
const WORDS_FIRST_MS = 100
/** From asking rsync to stop (it tidies up, and keeps a partial file if it was told to) to ending it. */
const STOP_TIMEOUT_MS = 2_000
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C', TZ: 'UTC' }

export async function receiveByRsync(upload: Upload, command: RsyncCommand): Promise<number> {
  const { admission, channel, outlet, caller } = upload
  const { folder, limits } = admission
  const ceiling = fileCeiling(await scanFolder(folder), limits, command)
  const child = start(folder, ceiling.bytes, command)
  const hangUp = (): void => stop(child)
  let fault: UploadLimitFault | undefined
  const look = async (): Promise<void> => {
    const seen = folderFault((await scanFolder(folder)).use, limits)
    if (seen === undefined || fault !== undefined) return
    fault = seen
    outlet.complain(uploadLimitText(seen))
    stop(child)
  }
  const looking = setInterval(() => void look().catch(ignore), LOOK_INTERVAL_MS)
  caller.gone.addEventListener('abort', hangUp, { once: true })
  caller.closing.addEventListener('abort', hangUp, { once: true })
  try {
    const hasSpoken = relayWords(upload, child.stderr, ceiling.fault)
    child.stdin.on('error', ignore)
    const answered = answer(child.stdout, outlet, hasSpoken).catch(ignore)
    // rsync may end before it has read everything; how it ended says enough.
    void pipeline(received(channel, caller), child.stdin).catch(ignore)
    if (caller.gone.aborted || caller.closing.aborted) hangUp()
    const [code] = await once(child, 'close')
    await answered
    await look()
    if (fault !== undefined && code === 0) return STATUS_REFUSED
    return typeof code === 'number' ? code : STATUS_STREAM
  } finally {
    clearInterval(looking)
    caller.gone.removeEventListener('abort', hangUp)
    caller.closing.removeEventListener('abort', hangUp)
  }
}

/**
 * How long one file may become, and what to say when it would become longer. Where files are written in place, the room
 * that is left comes on top of what the file already takes.
 */
function fileCeiling(
  { files, use }: FolderScan,
  limits: UploadFolderLimits,
  { options }: RsyncCommand,
): { readonly bytes: number; readonly fault: UploadLimitFault } {
  const inPlace = options.includes('--inplace') || options.includes('--append')
  const largest = inPlace ? Math.max(0, ...files.values().map(({ bytes }) => bytes)) : 0
  const room = limits.folderBytesMax - use.bytes + largest
  if (room < limits.fileBytesMax) {
    return { bytes: room, fault: { kind: 'folder-full', bytesMax: limits.folderBytesMax } }
  }
  const bytesMax = limits.fileBytesMax
  return { bytes: bytesMax, fault: { kind: 'file-too-large', bytesMax } }
}

function start(folder: string, fileBytesMax: number, command: RsyncCommand): Child {
  const { options, target } = command
  const path = target.kind === 'folder' ? '.' : target.name
  const limits = [`--fsize=${fileBytesMax}`, '--core=0']
  // A group of its own, because rsync forks: its receiver and its generator end together.
  return spawn('prlimit', [...limits, 'rsync', ...options, OWN_WORDS, '.', path], {
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

/**
 * Passes rsync's protocol on, behind its standard error: when the protocol tells the client of an error, he ends his
 * ssh at once, and words that were sent before but not yet shown are lost.
 */
async function answer(stdout: Readable, outlet: Outlet, hasSpoken: () => boolean): Promise<void> {
  let waited = false
  for await (const chunk of stdout) {
    await setImmediate()
    if (hasSpoken() && !waited) {
      await sleep(WORDS_FIRST_MS)
      waited = true
    }
    if (chunk instanceof Uint8Array) await outlet.write(chunk)
  }
}

/** Passes on what rsync complains of, in the sigmaker's terms. Returns whether there was anything so far. */
function relayWords(
  { outlet, admission }: Upload,
  stderr: Readable,
  whenTooLarge: UploadLimitFault,
): () => boolean {
  let spoken = false
  let tooLarge = false
  const splitter = new LineSplitter((line) => {
    spoken ||= line.startsWith('rsync: ') || line.startsWith('rsync error: ')
    if (!tooLarge && line.includes(TOO_LARGE)) {
      tooLarge = true
      outlet.complain(uploadLimitText(whenTooLarge))
    }
    outlet.complain(line.replaceAll(admission.folder, UPLOAD_FOLDER_NAME))
  })
  stderr.on('data', (chunk: Uint8Array) => splitter.feed(chunk))
  stderr.on('end', () => splitter.end())
  return () => spoken
}

function ignore(): void {}
