import { readdirSync, readFileSync } from 'node:fs'
import { run } from '../../test/support/run.ts'
import type { Contender } from './contenders.ts'

export interface Case {
  readonly name: string
  readonly path: string
  readonly fields: readonly string[]
  readonly connections: number
  /** Length of a large file. */
  readonly bytes?: number
}

export interface Measured {
  /** Answers. */
  readonly perSecond: number
  readonly cpuMsEach: number
}

const ASKER_CORE = '1'
const TICK_MS = 10
const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }

/** wrk on the other core, or on all with a thread each, for so long. */
export async function measure(
  contender: Contender,
  one: Case,
  seconds: number,
  { cores = ASKER_CORE, threads = 1 } = {},
): Promise<Measured> {
  await using server = await contender.start()
  const url = `http://127.0.0.1:${server.port}/${one.path}`
  const fields = one.fields.flatMap((field) => ['-H', field])
  const ask = async (length: number) => {
    const load = [
      '-t',
      String(threads),
      '-c',
      String(one.connections),
      '-d',
      `${length}s`,
      '--timeout',
      '30s',
    ]
    return await run('taskset', ['-c', cores, 'wrk', ...load, ...fields, url])
  }
  await ask(1)
  const before = cpuMs(server.pid)
  const { out, all } = await ask(seconds)
  const spent = cpuMs(server.pid) - before
  const match = /(\d+) requests in ([\d.]+)(m?s), ([\d.]+)([KMG]?)B read/.exec(out)
  if (match === null || /Non-2xx or 3xx/.test(out)) throw new Error(`Cannot measure: ${all}`)
  // Of large files the bytes are counted, since most are under way when the time is over.
  const bytes = Number(match[4]) * (UNITS[match[5] ?? ''] ?? 1)
  const answers = one.bytes === undefined ? Number(match[1]) : bytes / one.bytes
  const took = Number(match[2]) / (match[3] === 'ms' ? 1000 : 1)
  return { perSecond: answers / took, cpuMsEach: spent / answers }
}

/** Of a process and its children. */
function cpuMs(pid: number): number {
  return family(pid).reduce((sum, each) => sum + ownCpuMs(each), 0)
}

export function family(pid: number): readonly number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // Ended in between.
    }
  }
  const found = [pid]
  for (const one of found) {
    for (const [child, parent] of parents) if (parent === one) found.push(child)
  }
  return found
}

function ownCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}
