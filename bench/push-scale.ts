/**
 * One release to a thousand simulated mirrors: the real `Pusher` against a master's line that carries so many bits a
 * second, shared by all that sync. How much longer it takes than the wire alone, and what it costs us.
 *
 *     node bench/push-scale.ts [--mirrors 1000] [--kib 200] [--mbit 100] [--dead 20] [--parallel 128]
 *
 * The yardstick is what the line needs for the bytes alone. Time is the simulated clock's; processor and memory are ours.
 */
import { parseArgs } from 'node:util'
import { epochMs, epochSeconds } from '#base/time.ts'
import type { PushPolicy } from '#core/push/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Probe } from '#ports/probe.ts'
import { type Trigger, TriggerError } from '#ports/trigger.ts'
import { Pusher } from '#roles/master/pusher.ts'
import { dice, SimClock } from '#sim/index.ts'
import { HOUR_MS, START } from '../test/support/mirrors.ts'
import { aGeneration, aName, aSerial, aVersion } from '../test/support/values.ts'

const RATIO_MAX = 1.3
/** A mirror somewhere in the world: round trips of a login, a sync, a look. */
const ROUND_TRIP_MS = 40
const LOGIN_ROUND_TRIPS = 5
const SYNC_ROUND_TRIPS = 4

const { values } = parseArgs({
  options: {
    mirrors: { type: 'string', default: '1000' },
    kib: { type: 'string', default: '200' },
    mbit: { type: 'string', default: '100' },
    dead: { type: 'string', default: '20' },
    parallel: { type: 'string', default: '128' },
  },
})
const [mirrors, dead] = [Number(values.mirrors), Number(values.dead)]
const [kib, mbit] = [Number(values.kib), Number(values.mbit)]
const bytesEach = kib * 1024
const bytesAMs = (mbit * 1e6) / 8 / 1000

/** The master's line: those who sync share it evenly, none faster than its own line. */
class SharedLine {
  readonly #clock: Clock
  readonly #left = new Map<symbol, { bytes: number; readonly done: () => void }>()
  #settledAt: number
  #alarm = new AbortController()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#settledAt = clock.now()
  }

  send(bytes: number): Promise<void> {
    this.#settle()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#left.set(Symbol('sync'), { bytes, done: resolve })
    this.#plan()
    return promise
  }

  #settle(): void {
    const now = this.#clock.now()
    const share = ((now - this.#settledAt) * bytesAMs) / Math.max(1, this.#left.size)
    this.#settledAt = now
    for (const [key, one] of this.#left) {
      one.bytes -= share
      if (one.bytes > 0.5) continue
      this.#left.delete(key)
      one.done()
    }
  }

  #plan(): void {
    this.#alarm.abort(new Error('The line is shared otherwise now'))
    this.#alarm = new AbortController()
    const least = Math.min(...[...this.#left.values()].map(({ bytes }) => bytes))
    if (!Number.isFinite(least)) return
    const inMs = Math.max(1, Math.ceil((least * this.#left.size) / bytesAMs))
    const due = () => {
      this.#settle()
      this.#plan()
    }
    this.#clock.sleep(inMs, this.#alarm.signal).then(due, () => {})
  }
}

const POLICY: PushPolicy = {
  parallel: Number(values.parallel),
  connectTimeoutMs: 30_000,
  syncTimeoutMs: HOUR_MS,
  retries: 5,
  retryBaseMs: 5000,
  retryMaxMs: 300_000,
  canary: true,
}
const WANTED = {
  serial: aSerial(2),
  generation: aGeneration(2),
  databases: new Map([[aName('daily'), aVersion(2)]]),
}

const clock = new SimClock(START)
const line = new SharedLine(clock)
const { signal: never } = new AbortController()
const serving = new Set<string>()
let [lastAt, looks] = [clock.now(), 0]

/** A trigger waits for the login, the sync for its round trips and its share of the line. */
const trigger: Trigger = {
  async pull({ name }, { onAdmitted }) {
    await clock.sleep(LOGIN_ROUND_TRIPS * ROUND_TRIP_MS, never)
    if (Number(name.slice('mirror'.length)) <= dead) {
      throw new TriggerError('unreachable', `reach "${name}"`)
    }
    await onAdmitted()
    await clock.sleep(SYNC_ROUND_TRIPS * ROUND_TRIP_MS, never)
    await line.send(bytesEach)
    serving.add(name)
    return { status: 0, lines: [] }
  },
}
const probe: Probe = {
  async look({ name }) {
    looks += 1
    await clock.sleep(2 * ROUND_TRIP_MS, never)
    const number = serving.has(name) ? 2 : 1
    const versions = new Map([[aName('daily'), aVersion(number)]])
    const numbers = { serial: aSerial(number), generation: aGeneration(number) }
    return { ...numbers, stampedAt: epochSeconds(1), versions }
  },
}
const targets = Array.from({ length: mirrors }, (_, at) => ({
  ...{ name: `mirror${at + 1}`, host: '192.0.2.1', sshPort: 22, httpPort: 80 },
  ...{ user: 'clamavdb', hostKey: 'ssh-ed25519 AAAA' },
}))
let entries = 0
const journal = {
  append: async () => {
    entries += 1
  },
}

await using pusher = new Pusher(
  { trigger, probe, clock, policy: POLICY, draw: dice(1) },
  { self: 'rsync1', journal, targets },
)
const start = process.cpuUsage()
let isOver = false
const pushed = pusher
  .push(WANTED, (_mirror, event) => {
    if (event.kind === 'acknowledged') lastAt = clock.now()
  })
  .finally(() => {
    isOver = true
  })
while (!isOver && clock.now() < START + 24 * HOUR_MS)
  await clock.turnTo(epochMs(clock.now() + 1000))
const { acknowledged, waiting } = await pushed
const { user, system } = process.cpuUsage(start)
report()

function report(): void {
  const tookMs = lastAt - START
  const wireMs = (acknowledged.length * bytesEach) / bytesAMs
  const ratio = tookMs / wireMs
  const cpu = (user + system) / 1e6
  console.log(
    `${mirrors} mirrors, ${kib} KiB each, a line of ${mbit} Mbit/s, ${POLICY.parallel} at a time`,
  )
  console.log(`  ${acknowledged.length} serve it, ${waiting.length} of ${dead} dead ones wait`)
  console.log(`  bytes / line rate   ${(wireMs / 1000).toFixed(2)} s`)
  console.log(`  to the last one     ${(tookMs / 1000).toFixed(2)} s`)
  console.log(`  ratio               ${ratio.toFixed(2)} (wanted: at most ${RATIO_MAX})`)
  console.log(
    `  ours                ${cpu.toFixed(2)} s of processor, the simulation included; ${looks} looks, ${entries} journal entries`,
  )
  console.log(`  resident at most    ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`)
  const isWhole = acknowledged.length === mirrors - dead
  process.exitCode = isWhole && ratio <= RATIO_MAX ? 0 : 1
}
