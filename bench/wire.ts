/**
 * What goes over the wire when a release of a synthetic `daily` with 1 % changed lines reaches a mirror: made there of
 * patch and header (wanted: at most 1.2 times both), against rsync's own delta of the same change.
 *
 *     node bench/wire.ts [LINES]      500,000 by default; 2,000,000 are 64 MiB
 *
 * Two mirrors pull from one real rsync daemon through a relay that counts every byte in both directions: listing,
 * signed metadata and what rsync says to itself are in it. One may make databases again, the other may not. A third
 * copy is pulled by a bare `rsync -rt` with the old file in place.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { HEADER_BYTES } from '#formats/cvd/index.ts'
import { synced } from '../test/support/mirror-sync.ts'
import { type Files, mirrorWorld, PASSWORD } from '../test/support/mirror-world.ts'
import { run } from '../test/support/run.ts'
import { Wire } from '../test/support/wire.ts'
import { makePair } from './pair.ts'

const RATIO_MAX = 1.2
const PULL_MS_MAX = 600_000

const pair = await makePair(Number(process.argv[2] ?? 500_000))
await using it = await mirrorWorld()
await using wire = await Wire.before({ host: '127.0.0.1', port: it.rsyncPort })
const [old, fresh] = [readFileSync(pair.old), readFileSync(pair.fresh)]
const patch = makePatch()
const header = fresh.subarray(0, HEADER_BYTES)
console.log(`${pair.lines} lines, ${mib(fresh.byteLength)}; the patch has ${mib(patch.byteLength)}`)

interface Way {
  readonly name: string
  readonly pull: () => Promise<string>
}

const ways: readonly Way[] = [
  { name: 'made of patch and header', pull: () => mirror('one', true) },
  { name: "a mirror's pull without", pull: () => mirror('two', false) },
  { name: 'bare rsync -rt', pull: bare },
]
// A mirror that has been with the network for a while has a patch of the release before.
await it.publish(1, { 'daily.cvd': old, timestamp: 'generation 1\n' })
for (const { pull } of ways) await pull()
const files: Files = { 'daily.cvd': fresh, 'daily.cvd.header': header, 'daily-2.cdiff': patch }
await it.publish(2, { ...files, timestamp: 'generation 2\n' })
const went: number[] = []
for (const { name, pull } of ways) {
  wire.take()
  const start = performance.now()
  const end = await pull()
  const { bytes, connections } = wire.take()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  const pulls = connections === 1 ? 'one pull' : `${connections} pulls`
  console.log(`  ${name.padEnd(28)} ${mib(bytes).padStart(10)} in ${pulls}, ${seconds} s${end}`)
  went.push(bytes)
}
const [ours = Number.NaN, ...theirs] = went
const ratio = ours / (patch.byteLength + header.byteLength)
const share = ours / Math.min(...theirs)
console.log(`ratio to patch and header ${ratio.toFixed(3)} (wanted: at most ${RATIO_MAX})`)
console.log(`ratio to rsync's delta ${share.toFixed(3)}`)
process.exitCode = ratio <= RATIO_MAX ? 0 : 1

/** One sync of a mirror with a document root and a state of its own. */
async function mirror(name: string, rebuild: boolean): Promise<string> {
  await it.writeConf({
    TO: join(it.dir, name, 'htdocs'),
    STATE: join(it.dir, name, 'state'),
    MASTERS: `rsync1=127.0.0.1:${wire.port}`,
    PUBLISHER_KEYS: resolve(pair.keysFile),
  })
  const { rebuilds } = await synced(it, { rebuild, rebuildBytesMin: 1 })
  const shown = readFileSync(join(it.dir, name, 'htdocs', 'daily.cvd'))
  const [end] = rebuilds
  if (end === undefined) return ''
  return `, ${end.end.kind}, ${shown.equals(fresh) ? 'the same bytes' : 'OTHER BYTES'}`
}

async function bare(): Promise<string> {
  const into = join(it.dir, 'bare')
  mkdirSync(into, { recursive: true })
  const from = `rsync://mirror1@127.0.0.1:${wire.port}/clamavdb/`
  const options = { env: { RSYNC_PASSWORD: PASSWORD }, timeoutMs: PULL_MS_MAX }
  const end = await run('rsync', ['-rt', '--delete', from, `${into}/`], options)
  if (end.status !== 0) throw new Error(`Cannot pull: ${end.all}`)
  return ''
}

/** Kept beside the pair, since making it takes a while. */
function makePatch(): Uint8Array {
  const path = join(pair.fresh, '..', 'daily-2.cdiff')
  const made = statSync(path, { throwIfNoEntry: false })
  if (made === undefined) {
    const args = ['bin/cvdnet.ts', 'cvd', 'diff', pair.old, pair.fresh]
    const keys = ['--keys', pair.keysFile, '--key', pair.keyFile]
    const end = spawnSync(process.execPath, [...args, ...keys, '-o', path], { encoding: 'utf8' })
    if (end.status !== 0) throw new Error(`Cannot make the patch: ${end.stderr}`)
  }
  return readFileSync(path)
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`
}
