/**
 * One release to twenty mirrors on loopback: from the trigger to the last acknowledged mirror, against `xargs -P` of
 * bare rsync pulls of the same change, in the same run (issue 2, section 5; wanted: at most 1.3).
 *
 *     node bench/push.ts [MIRRORS] [ROUNDS] [LINES]
 *
 * The bare pulls check nothing, publish nothing and are told nothing: they are what the wire and rsync alone cost.
 * Rounds are interleaved, each with a release of its own; medians are compared. The mirrors run in two processes of
 * their own, as they would not share one with the master. Bare pulls are made from two daemons: ours, which sends small
 * packets at once, and one with rsync's defaults.
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drawSalt } from '#adapters/keys/index.ts'
import { SigmakerClient } from '#adapters/ssh/index.ts'
import { epochSeconds } from '#base/time.ts'
import { signerOf } from '#core/databases/index.ts'
import { buildDatabase } from '#formats/cvd/index.ts'
import type { PublisherSecrets } from '#formats/dsig/index.ts'
import type { MirrorOptions } from '#roles/mirror/index.ts'
import { startDemo } from '../dev/demo/index.ts'
import { run } from '../test/support/run.ts'
import { aName, aVersion } from '../test/support/values.ts'

const [mirrors = 20, rounds = 7, lines = 20_000] = process.argv.slice(2).map(Number)
/** Pulls at a time: the better of the two is the yardstick. */
const PARALLEL = [2, 8]
const RATIO_MAX = 1.3

const folder = mkdtempSync(join(tmpdir(), 'cvdnet-bench-'))
let lastAcknowledged = 0
try {
  await using network = await startDemo({
    folder,
    mirrors,
    startMirrors: inProcesses,
    onEvent: (line) => console.error(line),
    onPush: (_mirror, event) => {
      if (event.kind === 'acknowledged') lastAcknowledged = performance.now()
      if (event.kind === 'failed') console.error(event.reason)
    },
  })
  const [master] = network.json.masters
  if (master === undefined) throw new Error('Cannot push without a master')
  const client = new SigmakerClient({
    host: master.host,
    port: master.sshPort,
    hostKey: master.hostKey,
    privateKey: network.keys.sigmaker.privateKey,
  })
  const { signal } = new AbortController()
  const logins = join(folder, 'logins')
  writeFileSync(
    logins,
    network.json.mirrors.map(({ user, password }) => `${user} ${password}\n`).join(''),
  )

  const ours: number[] = []
  const bare = new Map<number, number[]>(PARALLEL.map((parallel) => [parallel, []]))
  for (let round = 0; round <= rounds; round += 1) {
    const path = join(folder, 'bench.cvd')
    writeFileSync(path, database(round + 1, network.keys.publisher))
    await client.upload('clamupload', [{ path, as: 'bench.cvd' }], signal)
    const start = performance.now()
    const status = await client.notify('clamavdb', () => {}, signal)
    if (status !== 0) throw new Error(`Cannot release: status ${status}`)
    // The first round fills empty folders and is no change of a release.
    if (round > 0) ours.push(lastAcknowledged - start)
    for (const parallel of PARALLEL) {
      const took = await pullBare(logins, join(folder, `bare-${parallel}`), parallel, master)
      if (round > 0) bare.get(parallel)?.push(took)
    }
  }
  report(ours, bare)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Two processes, one a core, with half of the mirrors each. */
async function inProcesses(mirrors: readonly MirrorOptions[]): Promise<AsyncDisposable> {
  const stack = new AsyncDisposableStack()
  for (const half of [0, 1]) {
    const child = fork(join(import.meta.dirname, 'mirror-process.ts'))
    stack.defer(async () => {
      child.disconnect()
      await once(child, 'exit')
    })
    child.send(mirrors.filter((_, at) => at % 2 === half))
    await once(child, 'message')
  }
  return stack
}

function database(version: number, secrets: PublisherSecrets): Uint8Array {
  const text = Array.from(
    { length: lines },
    (_, at) => `Bench.Test-${at}:0:*:${hex(at * (at % 100 === 0 ? version : 1))}\n`,
  ).join('')
  return buildDatabase({
    kind: 'cvd',
    name: aName('bench'),
    version: aVersion(version),
    members: new Map([['bench.ndb', Buffer.from(text)]]),
    builder: 'bench',
    builtAt: epochSeconds(1_700_000_000 + version * 60),
    functionalityLevel: 133,
    signatures: lines,
    signer: signerOf(secrets, drawSalt),
  })
}

function hex(seed: number): string {
  return createHash('md5').update(String(seed)).digest('hex')
}

/** Every mirror's login pulls into a folder of its own, so many at a time. Milliseconds for all of them. */
async function pullBare(
  loginFile: string,
  into: string,
  parallel: number,
  from: { readonly host: string; readonly rsyncPort: number; readonly module: string },
): Promise<number> {
  const script =
    `RSYNC_PASSWORD="$2" exec rsync -rt --delete ` +
    `"rsync://$1@${from.host}:${from.rsyncPort}/${from.module}/" "${into}/$1/"`
  const args = ['-a', loginFile, '-L', '1', '-P', String(parallel), 'sh', '-c', script, 'sh']
  await run('mkdir', ['-p', into])
  const start = performance.now()
  const end = await run('xargs', args)
  if (end.status !== 0) throw new Error(`Cannot pull: ${end.all}`)
  return performance.now() - start
}

function report(ours: readonly number[], bare: ReadonlyMap<number, readonly number[]>): void {
  const pushed = median(ours)
  const yardsticks = [...bare].map(([parallel, times]) => ({ parallel, ms: median(times) }))
  const best = Math.min(...yardsticks.map(({ ms }) => ms))
  const ratio = pushed / best
  console.log(`${mirrors} mirrors, ${rounds} rounds, medians`)
  console.log(`  trigger to last acknowledged   ${pushed.toFixed(0)} ms`)
  for (const { parallel, ms } of yardsticks) {
    console.log(`  bare rsync, xargs -P${parallel}          ${ms.toFixed(0)} ms`)
  }
  console.log(`  ratio ${ratio.toFixed(2)} (wanted: at most ${RATIO_MAX})`)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
