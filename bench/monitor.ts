/**
 * What a monitor of 10,000 mirrors costs, a round an hour: processor seconds in a simulated hour and resident memory.
 *
 *     node bench/monitor.ts [--mirrors 10000] [--hours 6] [--store sqlite|memory]
 *
 * Two measurements add up. First the whole monitor (agenda, folding, judging, letters, a real store on disk) over
 * simulated lines, with one mirror in fifty dead or rotting. Then real looks over HTTP at a server in another process,
 * seven questions each, beside as many bare GETs as the yardstick.
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { HttpMirrorCheck } from '#adapters/http-check/index.ts'
import { MemoryStore } from '#adapters/memory/index.ts'
import { openStore } from '#adapters/store/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { epochSeconds } from '#base/time.ts'
import { dayOf, HEALTH_POLICY } from '#core/health/index.ts'
import { NOTICE_POLICY } from '#core/notices/index.ts'
import type { Store } from '#ports/store.ts'
import { Monitor } from '#roles/monitor/index.ts'
import { dice, SimClock, SimMaster, SimNetwork } from '#sim/index.ts'
import {
  after,
  aMirror,
  goodSight,
  HOUR_MS,
  healthOf,
  issued,
  START,
} from '../test/support/mirrors.ts'
import { aName, aSerial, aVersion } from '../test/support/values.ts'

const HOUR_SECONDS = 3600
const LOOKS_MEASURED = 3000

const { values } = parseArgs({
  options: {
    mirrors: { type: 'string', default: '10000' },
    hours: { type: 'string', default: '6' },
    store: { type: 'string', default: 'sqlite' },
  },
})
const [mirrors, hours] = [Number(values.mirrors), Number(values.hours)]

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}

/** Fourteen days of marks, as after some weeks. */
async function fill(store: Store, network: SimNetwork): Promise<void> {
  const newest = issued(START, 1)
  const days = Array.from({ length: 14 }, (_, at) => ({
    day: dayOf(START) - 13 + at,
    good: 24,
    bad: 0,
    worst: 'good' as const,
  }))
  const healths = []
  for (let number = 1; number <= mirrors; number += 1) {
    const name = `mirror${number}`
    const mirror = network.add(name)
    if (number % 50 === 0) mirror.dead.add('192.0.2.1')
    if (number % 50 === 1) mirror.isRotting = true
    const written = await store.registry.mirrors.put(name, aMirror(name), undefined)
    if (!written.ok) throw new Error(`Cannot add ${name}`)
    const value = { ...healthOf(goodSight(newest), START), days }
    healths.push({ name, value, over: undefined })
  }
  await store.registry.health.putAll(healths)
}

async function measureWatching(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'cvdnet-bench-'))
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'store.sqlite')
  const store =
    values.store === 'memory' ? new MemoryStore() : await openStore({ kind: 'sqlite', path })
  try {
    const clock = new SimClock(START)
    const network = new SimNetwork(clock, clock)
    await fill(store, network)
    const draw = dice(1)
    const master = new SimMaster({ name: 'rsync1', store, network, clock, draw })
    await master.release()
    const monitor = new Monitor({
      self: 'monitor1',
      zone: 'clamav.test',
      store,
      check: network,
      clock,
      draw,
      health: { ...HEALTH_POLICY, roundMs: HOUR_MS, unobservedMs: 3 * HOUR_MS },
      notices: NOTICE_POLICY,
      looksAtOnce: 32,
      hostsOf: ({ name }) => [name],
      checkOwnLine: () => Promise.resolve(undefined),
      onEvent: () => {},
    })
    const stop = new AbortController()
    const running = [monitor.run(stop.signal), master.run(stop.signal)]
    await clock.turnTo(after(HOUR_MS))
    const [start, looks] = [process.cpuUsage(), monitor.looks]
    let peakMib = 0
    for (let hour = 2; hour <= hours + 1; hour += 1) {
      await clock.turnTo(after(hour * HOUR_MS))
      peakMib = Math.max(peakMib, process.memoryUsage.rss() / 2 ** 20)
    }
    const seconds = cpuSeconds(start) / hours
    const perHour = (monitor.looks - looks) / hours
    console.log(
      `watching ${mirrors} mirrors, ${values.store}: ${seconds.toFixed(1)} s of processor a simulated hour` +
        ` (${((100 * seconds) / HOUR_SECONDS).toFixed(2)} % of a core), ${perHour.toFixed(0)} looks,` +
        ` ${peakMib.toFixed(0)} MiB resident with the simulated network`,
    )
    stop.abort(new Error('done'))
    await clock.turnTo(after((hours + 2) * HOUR_MS))
    await Promise.all(running)
    return seconds
  } finally {
    await store[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Three databases, as in the real network. */
function reference() {
  const body = Buffer.alloc(300_000, 'x')
  body.write('ClamAV-VDB:22 Jun 2021 14-58 -0400:7:1:90:X:X:me:1624388302'.padEnd(512, ' '))
  const sha256 = createHash('sha256').update(body).digest('hex')
  const at = epochSeconds(1_624_388_302)
  const files = ['main', 'daily', 'bytecode'].map((name) => {
    const path = `${name}.cvd`
    const dates = { builtAt: at, datedAt: at }
    const named = { name: aName(name), version: aVersion(7) }
    return [
      path,
      { kind: 'database', path, bytes: body.byteLength, sha256, ...named, ...dates },
    ] as const
  })
  const read = (_path: string, from: number, bytes: number) =>
    Promise.resolve(body.subarray(from, from + bytes))
  return { release: { serial: aSerial(1), publishedAt: at, files: new Map(files) }, read }
}

async function measureLooks(): Promise<number> {
  const server = fork(join(import.meta.dirname, 'monitor-server.ts'))
  try {
    const [port]: unknown[] = await once(server, 'message')
    const target = {
      name: 'm',
      address: '127.0.0.1',
      port: Number(port),
      hosts: ['a.test', 'b.test', 'c.test'],
    }
    const check = new HttpMirrorCheck({ clock: systemClock, draw: Math.random })
    const known = reference()
    const signal = new AbortController().signal
    const look = async () => {
      const sight = await check.look(target, () => known, signal)
      if (sight.kind === 'bad') throw new Error(sight.reason)
    }
    const bare = () =>
      new Promise<void>((resolve, reject) => {
        get({ host: '127.0.0.1', port: target.port, path: '/timestamp', agent: false }, (reply) => {
          reply.resume().once('end', resolve)
        }).once('error', reject)
      })
    await inParallel(200, look)
    let start = process.cpuUsage()
    await inParallel(LOOKS_MEASURED, look)
    const perLook = cpuSeconds(start) / LOOKS_MEASURED
    start = process.cpuUsage()
    await inParallel(LOOKS_MEASURED, bare)
    const perGet = cpuSeconds(start) / LOOKS_MEASURED
    console.log(
      `a real look of 7 questions: ${(1000 * perLook).toFixed(2)} ms of processor,` +
        ` ${(perLook / perGet).toFixed(1)} times a bare GET of node:http`,
    )
    return perLook
  } finally {
    server.kill()
  }
}

async function inParallel(count: number, work: () => Promise<void>): Promise<void> {
  let left = count
  const line = async () => {
    while (left-- > 0) await work()
  }
  await Promise.all(Array.from({ length: 32 }, line))
}

const perLook = await measureLooks()
const seconds = await measureWatching()
const all = seconds + perLook * mirrors
const share = (100 * all) / HOUR_SECONDS
const peak = process.resourceUsage().maxRSS / 1024
console.log(
  `together: ${all.toFixed(0)} s an hour, ${share.toFixed(2)} % of a core (wanted: under 25),` +
    ` at most ${peak.toFixed(0)} MiB resident (wanted: under 300)`,
)
process.exitCode = share < 25 && peak < 300 ? 0 : 1
