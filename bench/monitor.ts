/**
 * What a monitor of 10,000 mirrors costs, a round an hour: processor seconds in a simulated hour and resident memory.
 *
 *     node bench/monitor.ts [--mirrors 10000] [--hours 6] [--looks 3000]
 *
 * Two measurements add up. First real looks over HTTP at a server in another process, seven questions each, beside as
 * many bare GETs as the yardstick. Then the whole monitor (agenda, folding, judging, letters, a real SQLite store) over
 * simulated lines, with one mirror in fifty dead and one rotting.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const HOUR_SECONDS = 3600
const SHARE_WANTED = 25
const MIB_WANTED = 300

const { values } = parseArgs({
  options: {
    mirrors: { type: 'string', default: '10000' },
    hours: { type: 'string', default: '6' },
    looks: { type: 'string', default: '3000' },
  },
})
const folder = mkdtempSync(join(tmpdir(), 'cvdnet-bench-'))

function phase(name: 'fill' | 'watch' | 'look'): Readonly<Record<string, number>> {
  const script = join(import.meta.dirname, 'monitor-phases.ts')
  const numbers = [values.mirrors, values.hours, values.looks]
  const args = [...process.execArgv, script, name, join(folder, 'store.sqlite'), ...numbers]
  const out = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()
  return out === '' ? {} : JSON.parse(out.split('\n').at(-1) ?? '{}')
}

try {
  const { perLook = 0, perGet = 0 } = phase('look')
  console.log(
    `a real look of 7 questions: ${(1000 * perLook).toFixed(2)} ms of processor,` +
      ` ${(perLook / perGet).toFixed(1)} times a bare GET of node:http`,
  )
  phase('fill')
  const { seconds = 0, looks = 0, peakMib = 0 } = phase('watch')
  console.log(
    `watching ${values.mirrors} mirrors: ${seconds.toFixed(1)} s of processor a simulated hour` +
      ` for ${looks.toFixed(0)} looks`,
  )
  const all = seconds + perLook * looks
  const share = (100 * all) / HOUR_SECONDS
  console.log(
    `together: ${all.toFixed(0)} s an hour, ${share.toFixed(2)} % of a core (wanted: under ${SHARE_WANTED}),` +
      ` at most ${peakMib.toFixed(0)} MiB resident, the simulated network included (wanted: under ${MIB_WANTED})`,
  )
  process.exitCode = share < SHARE_WANTED && peakMib < MIB_WANTED ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
