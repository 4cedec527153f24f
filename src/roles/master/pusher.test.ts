import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#adapters/system/index.ts'
import { epochMs, epochSeconds } from '#base/time.ts'
import type { PushPolicy, Wanted } from '#core/push/index.ts'
import type { Clock } from '#ports/clock.ts'
import type { Journal, JournalEntry } from '#ports/journal.ts'
import { type Probe, ProbeError } from '#ports/probe.ts'
import { type Trigger, TriggerError } from '#ports/trigger.ts'
import { aGeneration, aSerial } from '../../../test/support/values.ts'
import type { PushEvent, PushTarget } from './push-line.ts'
import { Pusher } from './pusher.ts'
import { describePush } from './words.ts'

const policy: PushPolicy = {
  parallel: 2,
  connectTimeoutMs: 60_000,
  syncTimeoutMs: 60_000,
  retries: 3,
  retryBaseMs: 20,
  retryMaxMs: 40,
  canary: false,
}

function wanted(n: number): Wanted {
  return { serial: aSerial(n), generation: aGeneration(n), databases: new Map() }
}

function target(name: string): PushTarget {
  return { name, host: name, sshPort: 1, httpPort: 1, user: 'clamavdb', hostKey: 'k' }
}

/** Mirrors as a push meets them: each takes the newest release when it syncs, unless it is told to misbehave. */
class Mirrors implements Trigger, Probe {
  newest = 0
  readonly serving = new Map<string, number>()
  readonly down = new Set<string>()
  readonly stuck = new Set<string>()
  readonly liars = new Set<string>()
  readonly calls: string[] = []

  async pull(to: PushTarget, options: Parameters<Trigger['pull']>[1]) {
    this.calls.push(to.name)
    if (this.down.has(to.name)) throw new TriggerError('unreachable', `trigger "${to.name}"`)
    await options.onAdmitted()
    if (this.stuck.has(to.name)) await systemClock.sleep(3_600_000, options.signal)
    if (!this.liars.has(to.name)) this.serving.set(to.name, this.newest)
    return { status: 0, lines: [] }
  }

  async look(to: PushTarget) {
    const n = this.serving.get(to.name)
    if (n === undefined) throw new ProbeError('no-timestamp', `look at "${to.name}"`)
    const at = { serial: aSerial(n), generation: aGeneration(n), versions: new Map() }
    return { ...at, stampedAt: epochSeconds(0) }
  }
}

function setUp(names: readonly string[], clock: Clock = systemClock) {
  const mirrors = new Mirrors()
  const entries: JournalEntry[] = []
  const journal: Journal = {
    async append(entry) {
      entries.push(entry)
    },
  }
  const world = { trigger: mirrors, probe: mirrors, clock, policy, draw: () => 0.5 }
  const pusher = new Pusher(world, { self: 'rsync1', journal, targets: names.map(target) })
  const push = (n: number, onEvent: (mirror: string, event: PushEvent) => void = () => {}) => {
    mirrors.newest = n
    return pusher.push(wanted(n), onEvent)
  }
  return { mirrors, pusher, push, entries }
}

test('every mirror that serves the release is acknowledged, and the journal says so', async () => {
  const { pusher, push, entries } = setUp(['a', 'b', 'c'])
  await using _ = pusher
  const { acknowledged, waiting } = await push(1)
  assert.deepEqual([...acknowledged].sort(), ['a', 'b', 'c'])
  assert.deepEqual(waiting, [])
  await pusher[Symbol.asyncDispose]()
  assert.deepEqual(entries.map(({ what, subject }) => `${what} ${subject}`).sort(), [
    'pushed a',
    'pushed b',
    'pushed c',
  ])
})

// Architecture 3.8: done is what a probe sees, not what the mirror says.
test('a mirror that says done and serves something old is not acknowledged', async () => {
  const { pusher, push, mirrors } = setUp(['a', 'liar'])
  await using _ = pusher
  await push(1)
  mirrors.liars.add('liar')
  const reasons: string[] = []
  const { waiting } = await push(2, (_mirror, event) => {
    if (event.kind === 'failed') reasons.push(event.reason)
  })
  assert.deepEqual(waiting, ['liar'])
  assert.match(reasons[0] ?? '', /says done, but it is 1 release\(s\) behind/)
})

// R100: one that fails never delays the others.
test('stuck mirrors that hold every slot do not keep the others from their turn', {
  timeout: 60_000,
}, async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const { pusher, mirrors } = setUp(['s1', 's2', 'good'])
  mirrors.stuck.add('s1').add('s2')
  mirrors.newest = 1
  const good = Promise.withResolvers<void>()
  const pushing = pusher.push(wanted(1), (mirror, event) => {
    if (mirror === 'good' && event.kind === 'acknowledged') good.resolve()
  })
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
  assert.ok(!mirrors.serving.has('good'))
  context.mock.timers.tick(15_000)
  await good.promise
  context.mock.timers.reset()
  await pusher[Symbol.asyncDispose]()
  assert.deepEqual([...(await pushing).waiting].sort(), ['s1', 's2'])
})

test('a mirror that was away gets the release from a retry, without a new push', async () => {
  const { pusher, push, mirrors } = setUp(['a'])
  await using _ = pusher
  mirrors.down.add('a')
  assert.deepEqual((await push(1)).waiting, ['a'])
  mirrors.down.delete('a')
  for (let look = 0; look < 100 && mirrors.serving.get('a') !== 1; look += 1) {
    await systemClock.sleep(10, new AbortController().signal)
  }
  assert.equal(mirrors.serving.get('a'), 1)
})

// Promise 5: a newer release overtakes one that is still being tried, and none is lost.
test('two pushes at once end with the newer one on every mirror', async () => {
  const { pusher, push, mirrors } = setUp(['a', 'b', 'c', 'd'])
  await using _ = pusher
  const ends = await Promise.all([push(1), push(2), push(3)])
  for (const { acknowledged } of ends) assert.equal(acknowledged.length, 4)
  for (const name of ['a', 'b', 'c', 'd']) assert.equal(mirrors.serving.get(name), 3)
})

test('after the last try nothing is wanted until the next push, which starts anew', async () => {
  const { pusher, push, mirrors } = setUp(['a'])
  await using _ = pusher
  mirrors.down.add('a')
  const gaveUp = Promise.withResolvers<void>()
  const pushing = pusher.push(
    wanted(1),
    (_mirror, event) => {
      if (event.kind === 'failed' && event.retryInMs === undefined) gaveUp.resolve()
    },
    { triesToReport: 99 },
  )
  await gaveUp.promise
  assert.deepEqual((await pushing).waiting, ['a'])
  assert.equal(mirrors.calls.length, policy.retries + 1)
  mirrors.down.clear()
  assert.deepEqual((await push(2)).acknowledged, ['a'])
})

test('a release that is served already is acknowledged without a call', async () => {
  const { pusher, push, mirrors } = setUp(['a'])
  await using _ = pusher
  await push(1)
  const before = mirrors.calls.length
  assert.deepEqual((await push(1)).acknowledged, ['a'])
  assert.equal(mirrors.calls.length, before)
})

test('a mirror that is added is pushed to, and one that leaves is waited for by nobody', async () => {
  const { pusher, push, mirrors, entries } = setUp(['a', 'gone'])
  await using _ = pusher
  mirrors.stuck.add('gone')
  mirrors.newest = 1
  const pushing = pusher.push(wanted(1), () => {})
  for (let look = 0; look < 100 && mirrors.calls.length < 2; look += 1) {
    await systemClock.sleep(5, new AbortController().signal)
  }
  assert.deepEqual(pusher.setTargets([target('a'), target('new')]), ['new'])
  const ended = await pushing
  assert.deepEqual([ended.acknowledged, ended.waiting], [['a'], ['gone']])
  assert.deepEqual((await push(1)).acknowledged.toSorted(), ['a', 'new'])
  assert.deepEqual(pusher.mirrors, ['a', 'new'])
  assert.equal(mirrors.calls.filter((name) => name === 'a').length, 1, 'a is not called again')
  await pusher[Symbol.asyncDispose]()
  const of = (name: string) => entries.filter(({ subject }) => subject === name)
  assert.match(of('gone')[0]?.why[0] ?? '', /not pushed to any more/)
})

test('a mirror that moved is called where it is now', async () => {
  const { pusher, push, mirrors } = setUp(['a'])
  await using _ = pusher
  mirrors.down.add('a')
  await push(1)
  mirrors.down.clear()
  assert.deepEqual(pusher.setTargets([{ ...target('a'), host: 'elsewhere' }]), ['a'])
  assert.deepEqual(pusher.setTargets([{ ...target('a'), host: 'elsewhere' }]), [])
  assert.deepEqual((await push(1)).acknowledged, ['a'])
})

/** A day whose hour the test sets; waits are real. */
class DayClock implements Clock {
  time = '12:00'

  now() {
    return epochMs(Date.parse(`2026-12-01T${this.time}:00Z`))
  }

  sleep(ms: number, signal: AbortSignal) {
    return systemClock.sleep(ms, signal)
  }
}

const NIGHT = { from: 22 * 60, until: 6 * 60 }

test('outside of its window a mirror is not called, which is no failure; inside it is due', async () => {
  const clock = new DayClock()
  const { pusher, push, mirrors, entries } = setUp(['a'], clock)
  await using _ = pusher
  pusher.setTargets([target('a'), { ...target('night'), window: NIGHT }])
  const said: string[] = []
  const end = await push(1, (mirror, event) => said.push(describePush(mirror, event) ?? ''))
  assert.deepEqual([end.acknowledged, end.waiting, end.postponed], [['a'], [], ['night']])
  assert.ok(said.includes('night: waits for its window, 22:00-06:00 UTC'), said.join('\n'))
  assert.deepEqual([mirrors.calls, pusher.due], [['a'], []])
  clock.time = '23:00'
  assert.deepEqual(pusher.due, ['night'])
  const late = await pusher.push(wanted(1), () => {}, { only: pusher.due, lookFirst: true })
  assert.deepEqual([late.acknowledged, pusher.due], [['night'], []])
  await pusher[Symbol.asyncDispose]()
  const of = entries.filter(({ subject }) => subject === 'night')
  assert.deepEqual(
    of.map(({ what }) => what),
    ['push-postponed', 'pushed'],
  )
})

test('tries end where the window ends, and go on in the next one', async () => {
  const clock = new DayClock()
  clock.time = '05:59'
  const { pusher, mirrors } = setUp([], clock)
  await using _ = pusher
  pusher.setTargets([{ ...target('night'), window: NIGHT }])
  mirrors.newest = 1
  mirrors.down.add('night')
  const end = await pusher.push(wanted(1), (_mirror, event) => {
    if (event.kind === 'failed') clock.time = '06:00'
  })
  assert.deepEqual([end.postponed, mirrors.calls], [['night'], ['night']])
  clock.time = '22:00'
  assert.deepEqual(pusher.due, ['night'])
})
