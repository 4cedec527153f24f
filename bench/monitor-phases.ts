/** The phases of `monitor.ts`, each in a process of its own, so that none pays for another's memory. */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { get } from 'node:http'
import { join } from 'node:path'
import { HttpMirrorCheck } from '#adapters/http-check/index.ts'
import { openStore } from '#adapters/store/index.ts'
import { systemClock } from '#adapters/system/index.ts'
import { epochSeconds } from '#base/time.ts'
import { dayOf, HEALTH_POLICY } from '#core/health/index.ts'
import { NOTICE_POLICY } from '#core/notices/index.ts'
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

const [phase = '', path = '', ...numbers] = process.argv.slice(2)
const [mirrors = 0, hours = 0, looks = 0] = numbers.map(Number)

/** The last line is for the parent. */
function tell(result: Readonly<Record<string, number>>): void {
  console.log(JSON.stringify(result))
}

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}

/** Fourteen days of marks, as after some weeks. */
async function fill(): Promise<void> {
  await using store = await openStore({ kind: 'sqlite', path })
  const newest = issued(START, 1)
  const days = Array.from({ length: 14 }, (_, at) => ({
    day: dayOf(START) - 13 + at,
    good: 24,
    bad: 0,
    worst: 'good' as const,
  }))
  const names = Array.from({ length: mirrors }, (_, at) => `mirror${at + 1}`)
  const records = names.map((name) => ({ name, value: aMirror(name), over: undefined }))
  await store.registry.mirrors.putAll(records)
  const value = { ...healthOf(goodSight(newest), START), days }
  await store.registry.health.putAll(names.map((name) => ({ name, value, over: undefined })))
}

/** One mirror in fifty is dead, one rots. */
function makeNetwork(clock: SimClock): SimNetwork {
  const network = new SimNetwork(clock, clock)
  for (let number = 1; number <= mirrors; number += 1) {
    const mirror = network.add(`mirror${number}`)
    if (number % 50 === 0) mirror.dead.add('192.0.2.1')
    if (number % 50 === 1) mirror.isRotting = true
  }
  return network
}

async function watch(): Promise<void> {
  await using store = await openStore({ kind: 'sqlite', path })
  const clock = new SimClock(START)
  const network = makeNetwork(clock)
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
  const [start, before] = [process.cpuUsage(), monitor.looks]
  await clock.turnTo(after((hours + 1) * HOUR_MS))
  const seconds = cpuSeconds(start) / hours
  const seen = (monitor.looks - before) / hours
  tell({ seconds, looks: seen, peakMib: process.resourceUsage().maxRSS / 1024 })
  stop.abort(new Error('done'))
  await clock.turnTo(after((hours + 2) * HOUR_MS))
  await Promise.all(running)
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

async function look(): Promise<void> {
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
    const lookOnce = async () => {
      const sight = await check.look(target, () => known, signal)
      if (sight.kind === 'bad') throw new Error(sight.reason)
    }
    const bare = () =>
      new Promise<void>((resolve, reject) => {
        get({ host: '127.0.0.1', port: target.port, path: '/timestamp', agent: false }, (reply) => {
          reply.resume().once('end', resolve)
        }).once('error', reject)
      })
    await inParallel(200, lookOnce)
    let start = process.cpuUsage()
    await inParallel(looks, lookOnce)
    const perLook = cpuSeconds(start) / looks
    start = process.cpuUsage()
    await inParallel(looks, bare)
    const perGet = cpuSeconds(start) / looks
    tell({ perLook, perGet })
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

switch (phase) {
  case 'fill':
    await fill()
    break
  case 'watch':
    await watch()
    break
  default:
    await look()
}
