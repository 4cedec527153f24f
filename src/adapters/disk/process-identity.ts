/**
 * Which process is this, beyond its number? A number is used again after a restart of the machine, after 4 million
 * processes, and in every container. Linux tells more; where it does not, the fields are empty.
 */
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'

export interface ProcessIdentity {
  readonly pid: number
  /** Another one at each start of the machine. */
  readonly bootId: string
  /** In clock ticks after the start of the machine: `/proc/PID/stat`, field 22. */
  readonly startedAt: string
  /** Numbers of another namespace mean other processes. */
  readonly pidNamespace: string
  readonly host: string
}

export async function thisProcess(): Promise<ProcessIdentity> {
  return {
    pid: process.pid,
    bootId: await bootId(),
    startedAt: (await startOf(process.pid)) ?? '',
    pidNamespace: await pidNamespace(),
    host: hostname(),
  }
}

/** `unknown`: it ran on another machine or in another container, so that only its heartbeat can tell. */
export type Liveness = 'alive' | 'dead' | 'unknown'

export async function livenessOf(other: ProcessIdentity): Promise<Liveness> {
  if (other.bootId !== (await bootId())) return other.host === hostname() ? 'dead' : 'unknown'
  if (other.pidNamespace !== (await pidNamespace())) return 'unknown'
  const startedAt = await startOf(other.pid)
  if (startedAt !== undefined) return startedAt === other.startedAt ? 'alive' : 'dead'
  if (other.startedAt !== '') return 'dead'
  return answersSignal(other.pid) ? 'alive' : 'dead'
}

async function bootId(): Promise<string> {
  return (await readOr('/proc/sys/kernel/random/boot_id')).trim()
}

async function pidNamespace(): Promise<string> {
  return await readlink('/proc/self/ns/pid').catch(() => '')
}

/** Undefined when there is no such process, or no /proc. A zombie does nothing any more, so it counts as none. */
async function startOf(pid: number): Promise<string | undefined> {
  // The program's name stands in brackets and may hold anything, so fields are counted from the last bracket.
  const text = await readOr(`/proc/${pid}/stat`)
  const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' ? undefined : fields[18]
}

function answersSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function readOr(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '')
}
