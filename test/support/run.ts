import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export interface Ended {
  readonly status: number | null
  readonly out: string
  readonly err: string
  /** Both, in the order they came. */
  readonly all: string
}

/** Everything that tests start ends within this, or is killed. */
const RUN_TIMEOUT_MS = 60_000

/** Runs a real program to its end. Its exit status is a value; only a program that cannot start throws. */
export function run(
  command: string,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>
    readonly cwd?: string
    readonly input?: string
    readonly timeoutMs?: number
    /** Another user than ours; only root may. */
    readonly uid?: number
    readonly gid?: number
    readonly onStart?: (child: ChildProcess) => void
  } = {},
): Promise<Ended> {
  const child = spawn(command, [...args], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LANG: 'C', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.gid ?? options.uid }),
  })
  options.onStart?.(child)
  let out = ''
  let err = ''
  let all = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    all += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    all += text
  })
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? RUN_TIMEOUT_MS)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => {
      clearTimeout(timer)
      resolve({ status, out, err, all })
    })
  })
}

/** Long on any machine; what is waited for comes within a second or two. */
const PATIENCE_MS = 20_000
const LOOK_EVERY_MS = 50

/** Tries until it does not throw; throws what it threw last when patience ends. */
export async function eventually<T>(work: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await wait(LOOK_EVERY_MS)
    }
  }
}

/** A reason to skip when one of the programs is not installed, else false. */
export function without(...programs: readonly string[]): string | false {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin']
  const missing = programs.filter(
    (program) => !folders.some((folder) => canUse(join(folder, program))),
  )
  return missing.length === 0 ? false : `not installed: ${missing.join(', ')}`
}

const DATA = join(import.meta.dirname, '..', '..', '..', 'shared', 'data')

/** A file of real data that lies beside the project where it was checked out with it. */
export function realData(name: string): string {
  return join(DATA, name)
}

export function withoutRealData(): string | false {
  return canUse(realData('clamav/test-1.cvd')) ? false : 'no real data beside this checkout'
}

function canUse(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}
