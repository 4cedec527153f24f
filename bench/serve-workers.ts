/**
 * What a second thread costs and brings: ours with two workers against a tuned nginx with two, both cores for server and
 * asker together, as on a machine of two cores they must be. What counts is processor time for an answer, where ours must
 * not lose by sharing: its ratio to nginx is compared with the one of `serve.ts`.
 *
 *     node bench/serve-workers.ts [SECONDS] [ROUNDS]          needs wrk, taskset, nginx
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { without } from '../test/support/run.ts'
import { doubled } from './serve/contenders.ts'
import { type Measured, measure } from './serve/measure.ts'
import { makeTree, PATCH, WHOLE, WHOLE_BYTES, WHOLE_DATE } from './serve/tree.ts'
import { median } from './timed.ts'

const [seconds = 3, rounds = 3] = process.argv.slice(2).map(Number)
const CHECK = ['Range: bytes=0-511', `If-Modified-Since: ${WHOLE_DATE}`]
const CASES = [
  { name: '304 to a check', path: WHOLE, fields: CHECK, connections: 64 },
  { name: 'patch of 20 KB', path: PATCH, fields: [], connections: 64 },
  { name: '64 MiB', path: WHOLE, fields: [], connections: 64, bytes: WHOLE_BYTES },
]
const BOTH = { cores: '0-1', threads: 2 }

const missing = without('wrk', 'taskset', 'nginx')
if (missing !== false) throw new Error(`Cannot measure: ${missing}`)
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-serve-'))
try {
  makeTree(join(folder, 'tree'))
  const [ours, nginx] = doubled(folder)
  if (ours === undefined || nginx === undefined) throw new Error('Cannot compare with nobody')
  for (const one of CASES) {
    const own: Measured[] = []
    const other: Measured[] = []
    for (let round = 0; round < rounds; round += 1) {
      own.push(await measure(ours, one, seconds, BOTH))
      other.push(await measure(nginx, one, seconds, BOTH))
    }
    const speed = (list: readonly Measured[]) => median(list.map(({ perSecond }) => perSecond))
    const cost = (list: readonly Measured[]) => median(list.map(({ cpuMsEach }) => cpuMsEach))
    const ratio = (speed(own) / speed(other)).toFixed(2)
    const each = (list: readonly Measured[]) => `${(cost(list) * 1000).toFixed(0)} µs each`
    console.log(
      `${one.name.padEnd(15)} ours ${speed(own).toFixed(0)}/s, ${each(own)}; nginx ${speed(other).toFixed(0)}/s, ${each(other)}; ours ${ratio}, cpu each ${(cost(own) / cost(other)).toFixed(2)}`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
