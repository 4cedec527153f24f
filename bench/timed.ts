import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Timed {
  readonly ms: number
  /** Most memory that was resident at a time, as the system kept it. */
  readonly peakMib: number
  readonly out: string
}

const LOOK_EVERY_MS = 20

/** Runs a program to its end, which must be the wanted one. */
export async function timed(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; status?: number } = {},
): Promise<Timed> {
  const start = performance.now()
  const child = spawn(command, [...args], {
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
  })
  let [out, err, peakMib] = ['', '', 0]
  child.stdout.on('data', (text) => {
    out += text
  })
  child.stderr.on('data', (text) => {
    err += text
  })
  const look = setInterval(() => {
    peakMib = Math.max(peakMib, peakOf(child.pid))
  }, LOOK_EVERY_MS)
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearInterval(look)
  const ms = performance.now() - start
  if (status !== (options.status ?? 0)) {
    throw new Error(`Cannot run ${command} ${args.join(' ')}: status ${status}, ${err}${out}`)
  }
  return { ms, peakMib, out }
}

function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Medians of interleaved runs, and the highest peak. */
export async function interleaved<K extends string>(
  rounds: number,
  jobs: Readonly<Record<K, () => Promise<Timed>>>,
): Promise<Readonly<Record<K, { readonly ms: number; readonly peakMib: number }>>> {
  const names = Object.keys(jobs) as K[]
  const runs = new Map<K, Timed[]>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) runs.get(name)?.push(await jobs[name]())
  }
  const entries = names.map((name) => {
    const all = runs.get(name) ?? []
    const ms = median(all.map((run) => run.ms))
    return [name, { ms, peakMib: Math.max(...all.map((run) => run.peakMib)) }] as const
  })
  return Object.fromEntries(entries) as Record<K, { ms: number; peakMib: number }>
}

/** One line of a report: is the claim kept? */
export function claim(
  title: string,
  ours: { readonly ms: number; readonly peakMib: number },
  theirs: { readonly ms: number; readonly peakMib: number },
  ratioMax: number,
): boolean {
  const ratio = ours.ms / theirs.ms
  const holds = ratio <= ratioMax
  const figures = `${ours.ms.toFixed(0)} ms, ${ours.peakMib.toFixed(0)} MiB against ${theirs.ms.toFixed(0)} ms, ${theirs.peakMib.toFixed(0)} MiB`
  const verdict = Number.isFinite(ratioMax)
    ? `${holds ? 'holds' : 'FAILS'}, <= ${ratioMax}`
    : 'no claim'
  console.log(`${title}: ratio ${ratio.toFixed(2)} (${verdict}); ${figures}`)
  return holds
}

export function memoryClaim(title: string, peakMib: number, mibMax: number): boolean {
  const holds = peakMib <= mibMax
  console.log(
    `${title}: ${peakMib.toFixed(0)} MiB resident (${holds ? 'holds' : 'FAILS'}, <= ${mibMax})`,
  )
  return holds
}
