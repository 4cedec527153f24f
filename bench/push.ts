/**
 * One release to twenty mirrors on loopback: from the trigger to the last acknowledged mirror, against `xargs -P` of
 * bare rsync pulls of the same change, in the same run (wanted: at most 1.3).
 *
 *     node bench/push.ts [MIRRORS] [ROUNDS] [LINES]
 *
 * The bare pulls check nothing, publish nothing and are told nothing: they are what the wire and rsync alone cost.
 * Rounds are interleaved, each with a release of its own; medians are compared. The mirrors run in two processes of
 * their own, as they would not share one with the master. Bare pulls are made from two daemons: ours, which sends small
 * packets at once, and one with rsync's defaults.
 */
import { fork, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
import { freePort } from '../dev/demo/layout.ts'
import { run } from '../test/support/run.ts'
import { aName, aVersion } from '../test/support/values.ts'

const [mirrors = 20, rounds = 7, lines = 20_000] = process.argv.slice(2).map(Number)
/** Pulls at a time: the better of the two is the yardstick. */
const PARALLEL = [2, 8] as const
const DAEMONS = ['stock', 'ours'] as const
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
  const bare = new Map<string, number[]>()
  await using stock = await stockDaemon(join(folder, master.name))
  const ports = { stock: stock.port, ours: master.rsyncPort }
  for (let round = 0; round <= rounds; round += 1) {
    const path = join(folder, 'bench.cvd')
    writeFileSync(path, database(round + 1, network.keys.publisher))
    await client.upload('clamupload', [{ path, as: 'bench.cvd' }], signal)
    const start = performance.now()
    const status = await client.notify('clamavdb', () => {}, signal)
    if (status !== 0) throw new Error(`Cannot release: status ${status}`)
    // The first round fills empty folders and is no change of a release.
    if (round > 0) ours.push(lastAcknowledged - start)
    for (const daemon of DAEMONS) {
      for (const parallel of PARALLEL) {
        const label = `${daemon} daemon, xargs -P${parallel}`
        const from = { ...master, rsyncPort: ports[daemon] }
        const took = await pullBare(
          logins,
          join(folder, `bare-${daemon}-${parallel}`),
          parallel,
          from,
        )
        if (round > 0) bare.set(label, [...(bare.get(label) ?? []), took])
      }
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

function report(ours: readonly number[], bare: ReadonlyMap<string, readonly number[]>): void {
  const pushed = median(ours)
  console.log(`${mirrors} mirrors, ${rounds} rounds, medians`)
  console.log(`  ${'trigger to last acknowledged'.padEnd(40)} ${pushed.toFixed(0)} ms`)
  for (const [label, times] of bare) {
    console.log(`  ${`bare rsync, ${label}`.padEnd(40)} ${median(times).toFixed(0)} ms`)
  }
  for (const daemon of DAEMONS) {
    const medians = [...bare]
      .filter(([label]) => label.startsWith(daemon))
      .map(([, t]) => median(t))
    const ratio = pushed / Math.min(...medians)
    console.log(`  ratio to ${daemon} daemon ${ratio.toFixed(2)} (wanted: at most ${RATIO_MAX})`)
  }
}

/** The master's own configuration without the socket option that we added: rsync as everybody runs it. */
async function stockDaemon(state: string): Promise<AsyncDisposable & { readonly port: number }> {
  const port = await freePort(['127.0.0.1'])
  const conf = join(state, 'stock.conf')
  const text = readFileSync(join(state, 'rsyncd.conf'), 'utf8')
    .replace(/^socket options.*\n/m, '')
    .replace(/^port = .*$/m, `port = ${port}`)
    .replaceAll('rsyncd.lo', 'stock.lo')
  writeFileSync(conf, text)
  const child = spawn('rsync', ['--daemon', '--no-detach', `--config=${conf}`], {
    stdio: 'inherit',
  })
  await new Promise((resolve) => setTimeout(resolve, 500))
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill()
      await once(child, 'exit')
    },
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
