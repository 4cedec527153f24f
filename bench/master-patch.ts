/**
 * What it costs a master to make a patch at release: the same work in a thread of its own and in this one, and how long
 * the event loop, which feeds mirrors and answers sigmakers meanwhile, stood still at the longest.
 *
 *     node bench/master-patch.ts [LINES, 2000000]
 */
import { mkdtempDisposableSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { makePatchFile, makePatchInWorker } from '#adapters/patch-maker/index.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import { makePair } from './pair.ts'

/** A blink; a mirror's probe waits 5 s, and people at a terminal notice a quarter of one. */
const STILL_MS_MAX = 250

const pair = await makePair(Number(process.argv[2] ?? 2_000_000))
using place = mkdtempDisposableSync(join(tmpdir(), 'cvdnet-bench-'))
const base = {
  old: pair.old,
  fresh: pair.fresh,
  scratch: join(place.path, 'scratch'),
  publishers: [publicKeys(pair.secrets)],
  secrets: pair.secrets,
  signal: new AbortController().signal,
}

async function measured(title: string, make: typeof makePatchFile) {
  const into = join(place.path, 'daily-2.cdiff')
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const start = performance.now()
  const made = await make({ ...base, into })
  const ms = performance.now() - start
  delay.disable()
  if (!made.ok) throw new Error(made.fault.kind)
  const stillMs = delay.max / 1e6
  const peakMib =
    Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
  const figures = `${ms.toFixed(0)} ms, loop still for ${stillMs.toFixed(0)} ms at most, peak ${peakMib.toFixed(0)} MiB`
  console.log(`${title}: ${statSync(into).size} bytes of patch in ${figures}`)
  return { ms, stillMs }
}

const there = await measured('in a thread', makePatchInWorker)
const here = await measured('in this thread', makePatchFile)
const holds = there.stillMs <= STILL_MS_MAX
console.log(
  `the thread costs a factor of ${(there.ms / here.ms).toFixed(2)}; the loop stands still for ` +
    `${(there.stillMs / here.stillMs).toFixed(2)} of what it would (${holds ? 'holds' : 'FAILS'}, <= ${STILL_MS_MAX} ms)`,
)
process.exitCode = holds ? 0 : 1
