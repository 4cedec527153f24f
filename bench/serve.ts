/**
 * Serving on loopback, one core for the server and the other for who asks: ours with its access log against Debian's
 * nginx with its best settings, nginx as people run it, Caddy, and Python's `http.server`.
 *
 *     node bench/serve.ts [SECONDS] [ROUNDS]          needs wrk, taskset, nginx; caddy and python3 if they are there
 *
 * Rounds are interleaved, medians are compared. A server's figures are its answers a second or megabytes a second, and
 * its processor time for each, from /proc, children included. Wanted: requests a second 0.6 (304), 0.8 (206) and
 * 0.8 (patch) of the tuned nginx, 1.0 of nginx as run, 1.5 of Caddy, 10 of Python; whole files 1.0 of nginx's
 * megabytes a second at 3 times its processor time at most.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { without } from '../test/support/run.ts'
import { type Contender, contenders } from './serve/contenders.ts'
import { type Case, type Measured, measure } from './serve/measure.ts'
import { makeTree, PATCH, WHOLE, WHOLE_BYTES, WHOLE_DATE } from './serve/tree.ts'
import { median } from './timed.ts'

const [seconds = 3, rounds = 3] = process.argv.slice(2).map(Number)
const CHECK = ['Range: bytes=0-511', `If-Modified-Since: ${WHOLE_DATE}`]
const CASES: readonly (Case & { readonly wanted: Readonly<Record<string, number>> })[] = [
  {
    name: '304 to a check',
    path: WHOLE,
    fields: CHECK,
    connections: 64,
    wanted: { tuned: 0.6, 'as run': 1, caddy: 1.5, python: 10 },
  },
  {
    name: '206 of 512 bytes',
    path: WHOLE,
    fields: CHECK.slice(0, 1),
    connections: 64,
    wanted: { tuned: 0.8, 'as run': 1, caddy: 1.5 },
  },
  {
    name: 'patch of 20 KB',
    path: PATCH,
    fields: [],
    connections: 64,
    wanted: { tuned: 0.8, 'as run': 1, caddy: 1.5, python: 10 },
  },
  {
    name: '64 MiB, 1 connection',
    path: WHOLE,
    fields: [],
    connections: 1,
    bytes: WHOLE_BYTES,
    wanted: { tuned: 1 },
  },
  {
    name: '64 MiB, 64 connections',
    path: WHOLE,
    fields: [],
    connections: 64,
    bytes: WHOLE_BYTES,
    wanted: { tuned: 1 },
  },
]

const missing = without('wrk', 'taskset', 'nginx')
if (missing !== false) throw new Error(`Cannot measure: ${missing}`)
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-serve-'))
try {
  makeTree(join(folder, 'tree'))
  const all = await contenders(folder)
  for (const one of CASES) report(one, await rounded(one, all))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function rounded(
  one: Case,
  all: readonly Contender[],
): Promise<ReadonlyMap<string, readonly Measured[]>> {
  const figures = new Map<string, Measured[]>()
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of all) {
      const list = figures.get(contender.name) ?? []
      figures.set(contender.name, list)
      list.push(await measure(contender, one, seconds))
    }
  }
  return figures
}

function report(
  { name, wanted }: (typeof CASES)[number],
  figures: ReadonlyMap<string, readonly Measured[]>,
): void {
  console.log(name)
  const speed = (key: string) => median((figures.get(key) ?? []).map(({ perSecond }) => perSecond))
  const cost = (key: string) => median((figures.get(key) ?? []).map(({ cpuMsEach }) => cpuMsEach))
  for (const key of figures.keys()) {
    const ratio = speed('ours') / speed(key)
    const least = wanted[key]
    const verdict =
      least === undefined ? '' : ratio >= least ? ` (holds, >= ${least})` : ` (FAILS, >= ${least})`
    const own = `${speed(key).toFixed(0)}/s, ${(cost(key) * 1000).toFixed(0)} µs each`
    const against =
      key === 'ours'
        ? ''
        : `; ours ${ratio.toFixed(2)}${verdict}, cpu each ${(cost('ours') / cost(key)).toFixed(2)}`
    console.log(`  ${key.padEnd(8)} ${own}${against}`)
  }
}
