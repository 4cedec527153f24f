import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { DnsLook, startDgramServer } from '#adapters/dns/index.ts'
import { MemoryStore } from '#adapters/memory/index.ts'
import { epochMs } from '#base/time.ts'
import { HEALTH_POLICY } from '#core/health/index.ts'
import { NOTICE_POLICY } from '#core/notices/index.ts'
import { SimClock, SimNetwork } from '#sim/index.ts'
import { aName, aVersion } from '../../../test/support/values.ts'
import { aSetup, aSnapshot } from '../../../test/support/zone.ts'
import { Monitor } from './monitor.ts'
import { NameServerWatch } from './name-servers.ts'

const ZONE = 'clamav.example'
const LOCAL = { host: '127.0.0.1', port: 0 }
const FINE = { kind: 'fine' } as const
const MINUTE = 60_000
const { signal } = new AbortController()

const OLD = aSnapshot()
const NEW = aSnapshot({
  serial: OLD.serial + 9,
  announced: OLD.announced && {
    ...OLD.announced,
    versions: new Map([...OLD.announced.versions, [aName('daily'), aVersion(27_101)] as const]),
  },
})

/** Two real name servers, and a watch of both. */
async function world(more: readonly { readonly host: string; readonly port: number }[] = []) {
  const owned = new AsyncDisposableStack()
  const first = owned.use(await startDgramServer(LOCAL, aSetup()))
  const second = owned.use(await startDgramServer(LOCAL, aSetup()))
  const clock = new SimClock(epochMs(1_795_488_123_000))
  const servers = [first, second].map(({ host, port }) => ({ host, port }))
  const all = { look: new DnsLook(clock), servers: [...servers, ...more] }
  const watch = new NameServerWatch(all, ZONE, clock)
  const round = async (minutes: number) => {
    await clock.turnTo(epochMs(clock.now() + minutes * MINUTE))
    watch.start(signal)
    await watch.rest()
    return watch.problems(FINE)
  }
  const last = `name-server/127.0.0.1:${second.port}`
  return {
    first,
    second,
    clock,
    all,
    watch,
    round,
    last,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

test('row 77: a name server that tells an older version than the other is a problem until it is not', async () => {
  await using at = await world()
  assert.deepEqual(await at.round(0), [])
  at.first.answerFrom(NEW)
  const [problem, ...rest] = await at.round(1)
  assert.deepEqual(rest, [])
  assert.equal(problem?.key, at.last)
  assert.equal(problem.level, 'other-versions')
  assert.match(problem.lines.join('\n'), /tells other versions than 127\.0\.0\.1:\d+\./)
  at.second.answerFrom(NEW)
  assert.deepEqual(await at.round(1), [])
})

test('the same serial on every server: another one is a problem once it lasts for three minutes', async () => {
  await using at = await world()
  at.first.answerFrom(aSnapshot({ serial: 100 }))
  at.second.answerFrom(aSnapshot({ serial: 99 }))
  assert.deepEqual(await at.round(0), [])
  assert.deepEqual(await at.round(2), [])
  at.second.answerFrom(aSnapshot({ serial: 100 }))
  assert.deepEqual(await at.round(1), [])
  at.first.answerFrom(aSnapshot({ serial: 160 }))
  assert.deepEqual(await at.round(1), [])
  assert.deepEqual(await at.round(2), [])
  const [problem, ...rest] = await at.round(1)
  assert.deepEqual(rest, [])
  assert.deepEqual([problem?.key, problem?.level], [at.last, 'other-serial'])
  assert.match(
    problem?.lines.join('\n') ?? '',
    /at serial 100, 127\.0\.0\.1:\d+ at 160: it does not/,
  )
  // Both move on, and are as far from each other as before.
  at.first.answerFrom(aSnapshot({ serial: 170 }))
  at.second.answerFrom(aSnapshot({ serial: 169 }))
  assert.equal((await at.round(1)).length, 1)
  at.second.answerFrom(aSnapshot({ serial: 170 }))
  assert.deepEqual(await at.round(1), [])
  assert.deepEqual(await at.round(60), [])
})

test('two whose settings differ are told by what differs', async () => {
  await using at = await world()
  at.first.answerFrom(aSnapshot({ serial: 100 }))
  at.second.answerFrom(aSnapshot({ serial: 99, nameServers: aSnapshot().nameServers.slice(0, 1) }))
  const [problem, ...rest] = await at.round(0)
  assert.deepEqual(rest, [])
  assert.deepEqual([problem?.key, problem?.level], [at.last, 'other-name-servers'])
  assert.match(
    problem?.lines.join('\n') ?? '',
    /names ns1\.clamav\.example as name servers, 127\.0\.0\.1:\d+ names ns1\.clamav\.example, ns2\.clamav\.example: their settings/,
  )
})

test('one without the zone is told apart from the two that have it', async () => {
  await using other = await startDgramServer(
    LOCAL,
    aSetup({ snapshot: aSnapshot({ zone: 'other.example' }) }),
  )
  await using at = await world([{ host: other.host, port: other.port }])
  const [problem, ...rest] = await at.round(0)
  assert.deepEqual(rest, [])
  assert.equal(problem?.level, 'lame')
})

test('one that is silent is a problem, but not while our own line is cut', async () => {
  await using at = await world([{ host: '127.0.0.1', port: 1 }])
  const [problem, ...rest] = await at.round(0)
  assert.deepEqual(rest, [])
  assert.equal(problem?.level, 'silent')
  assert.deepEqual(at.watch.problems({ kind: 'cut', reason: 'no anchor answers' }), [])
})

test('the team gets a letter about a name server that lags', async () => {
  await using at = await world()
  at.first.answerFrom(NEW)
  const { clock, all } = at
  const store = new MemoryStore()
  const monitor = new Monitor({
    self: 'monitor1',
    zone: ZONE,
    store,
    check: new SimNetwork(clock, clock),
    clock,
    draw: () => 0,
    health: HEALTH_POLICY,
    notices: NOTICE_POLICY,
    looksAtOnce: 1,
    nameServers: all,
    hostsOf: () => [],
    checkOwnLine: () => Promise.resolve(undefined),
    onEvent: (line) => said.push(line),
  })
  const said: string[] = []
  const stop = new AbortController()
  const running = monitor.run(stop.signal)
  for (let minutes = 0; minutes < 60 && said.length === 0; minutes += 1) {
    await clock.turnTo(epochMs(clock.now() + MINUTE))
    // The name servers are real, and answer in real time.
    await wait(20)
  }
  stop.abort(new Error('Stop'))
  await running
  const subject = `[${ZONE}] Name server ${at.last.slice('name-server/'.length)} does not tell what the others tell`
  assert.deepEqual(said, [subject])
  assert.equal(
    (await store.notices.news.list()).length + (await store.notices.problems.list()).length,
    1,
  )
})
