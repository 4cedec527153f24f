import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MemoryState, MemoryStore } from '#adapters/memory/index.ts'
import { type EpochMs, epochMs } from '#base/time.ts'
import {
  DEFAULT_ENGINE,
  staticRecords,
  type ZoneFacts,
  type ZoneSnapshot,
} from '#core/zone/index.ts'
import { SimClock } from '#sim/index.ts'
import {
  aMirror,
  goodSight,
  healthOf,
  issued,
  NO_ANSWER,
  START,
} from '../../../test/support/mirrors.ts'
import { addresses } from '../../../test/support/zone.ts'
import { StoreFeed } from './index.ts'
import { SnapshotKeeper } from './keeper.ts'

const FACTS: ZoneFacts = {
  zone: 'clamav.example',
  nameServers: [{ name: 'ns1', addresses: addresses('192.0.2.53') }],
  masters: [],
  engine: DEFAULT_ENGINE,
}
const SECOND = 1000
const MINUTE = 60_000

/** A name server without its sockets: what it read last, numbered and kept. */
class Server implements AsyncDisposable {
  readonly events: string[] = []
  readonly feed: StoreFeed
  readonly #keeper: SnapshotKeeper

  constructor(state: MemoryState, clock: SimClock, lastSnapshot: string, facts = FACTS) {
    const onEvent = (line: string) => this.events.push(line)
    this.feed = new StoreFeed({ store: new MemoryStore(state), facts, clock, onEvent })
    const policy = (same: ZoneSnapshot['policy']) => same
    this.#keeper = new SnapshotKeeper({
      zone: 'clamav.example',
      source: this.feed,
      lastSnapshot,
      policy,
      clock,
      onEvent,
    })
  }

  async load(): Promise<void> {
    await this.#keeper.load()
  }

  async follow(): Promise<void> {
    const current = this.feed.current()
    if (current !== undefined) await this.#keeper.take(current)
  }

  get zone(): ZoneSnapshot {
    return this.#keeper.current ?? assert.fail('nothing to answer from')
  }

  get serial(): number {
    return this.zone.serial
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.feed[Symbol.asyncDispose]()
  }
}

/** One store, a mirror that is well in it, and as many name servers on it as are started. */
async function world() {
  const owned = new AsyncDisposableStack()
  const { path } = owned.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-serials-')))
  const state = new MemoryState()
  const store = new MemoryStore(state)
  const clock = new SimClock(START)
  await store.registry.mirrors.put('m1', aMirror('m1'), undefined)
  await store.registry.health.put('m1', healthOf(goodSight(issued(START, 1)), START), undefined)
  const servers: Server[] = []
  return {
    state,
    store,
    clock,
    /** With what an earlier run of that name left. */
    async start(name: string, facts = FACTS): Promise<Server> {
      const server = owned.use(new Server(state, clock, join(path, name), facts))
      await server.load()
      servers.push(server)
      await clock.turnTo(clock.now())
      await server.follow()
      return server
    },
    async pass(ms: number): Promise<void> {
      const end = clock.now() + ms
      while (clock.now() < end) {
        await clock.turnTo(epochMs(Math.min(end, clock.now() + MINUTE)))
        await Promise.all(servers.map((server) => server.follow()))
      }
    },
    async seen(health: ReturnType<typeof healthOf>): Promise<void> {
      const before = await store.registry.health.get('m1')
      assert.ok((await store.registry.health.put('m1', health, before?.revision)).ok)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const isWell = (at: EpochMs) => healthOf(goodSight(issued(at, 1)), at)
const isDown = (at: EpochMs) => healthOf(NO_ANSWER, at)

test('two servers on one store have one serial at every change, and then the same zone to the byte', async () => {
  await using at = await world()
  const one = await at.start('one')
  await at.pass(7 * SECOND)
  const two = await at.start('two')
  assert.equal(one.serial, two.serial)
  const seen = [one.serial]
  for (const [turn, health] of [isDown, isWell, isDown].entries()) {
    await at.seen(health(at.clock.now()))
    await at.pass(turn === 1 ? SECOND : 2 * MINUTE)
    assert.equal(one.serial, two.serial)
    assert.ok(one.serial > (seen.at(-1) ?? 0), 'it grew')
    assert.deepEqual(staticRecords(one.zone), staticRecords(two.zone))
    seen.push(one.serial)
  }
})

test('without any change secondaries get a new time each quarter of an hour, from both the same', async () => {
  await using at = await world()
  const [one, two] = [await at.start('one'), await at.start('two')]
  const serials = new Set<number>()
  for (let minutes = 0; minutes < 60; minutes += 1) {
    await at.pass(MINUTE)
    assert.equal(one.serial, two.serial)
    serials.add(one.serial)
  }
  assert.ok(serials.size >= 4 && serials.size <= 5, `${serials.size} serials in an hour`)
})

test('two whose settings differ number by themselves, and neither drives the other', async () => {
  await using at = await world()
  const nameServers = [...FACTS.nameServers, { name: 'ns2', addresses: addresses('198.51.100.53') }]
  const one = await at.start('one')
  const two = await at.start('two', { ...FACTS, nameServers })
  assert.notEqual(one.serial, two.serial)
  const before = (await at.store.serials.list())[0]?.revision
  await at.pass(10 * MINUTE)
  const after = (await at.store.serials.list())[0]?.revision ?? 0
  // At most one step of the time, for each.
  assert.ok(after - (before ?? 0) <= 2)
})

test('a server that was away comes back with the serial of the others, never with a lower one', async () => {
  await using at = await world()
  const one = await at.start('one')
  const before = await at.start('two')
  const told = before.serial
  await before[Symbol.asyncDispose]()
  const again = await at.start('two')
  assert.equal(again.serial, told)
  await again[Symbol.asyncDispose]()
  await at.seen(isDown(at.clock.now()))
  await at.pass(MINUTE)
  const back = await at.start('two')
  assert.ok(back.serial > told)
  assert.equal(back.serial, one.serial)
})

test('a store that was restored from before does not lower what was told', async () => {
  await using at = await world()
  const [one, two] = [await at.start('one'), await at.start('two')]
  const [backup] = await at.store.serials.list()
  for (const health of [isDown, isWell]) {
    await at.seen(health(at.clock.now()))
    await at.pass(MINUTE)
  }
  const told = one.serial
  const [newer] = await at.store.serials.list()
  assert.ok(backup && newer)
  assert.ok((await at.store.serials.put(backup.name, backup.value, newer.revision)).ok)
  await at.pass(MINUTE)
  assert.deepEqual([one.serial, two.serial], [told, told])
  assert.equal((await at.start('three')).serial, told)
  assert.ok(
    (
      await at.store.serials.put(
        backup.name,
        backup.value,
        (
          await at.store.serials.list()
        )[0]?.revision,
      )
    ).ok,
  )
  await at.seen(isDown(at.clock.now()))
  await at.pass(MINUTE)
  assert.ok(one.serial > told)
  assert.equal(one.serial, two.serial)
})

test('decision 9: while the store is away no server moves, and then both go on together', async () => {
  await using at = await world()
  const [one, two] = [await at.start('one'), await at.start('two')]
  const told = one.serial
  at.state.isAway = true
  await at.pass(40 * MINUTE)
  assert.deepEqual([one.serial, two.serial], [told, told])
  at.state.isAway = false
  await at.pass(MINUTE)
  assert.ok(one.serial > told)
  assert.equal(one.serial, two.serial)
})

test('a change that was read, but could not be numbered before the store went away, is not answered yet', async () => {
  await using at = await world()
  const one = await at.start('one')
  const told = one.serial
  await at.seen(isDown(at.clock.now()))
  await at.clock.turnTo(epochMs(at.clock.now() + SECOND))
  at.state.isAway = true
  for (let times = 0; times < 3; times += 1) await one.follow()
  assert.equal(one.serial, told)
  assert.equal(one.zone.mirrors[0]?.addresses[0]?.condition.kind, 'healthy')
  assert.equal(one.events.filter((line) => line.includes('what was answered last stays')).length, 1)
  at.state.isAway = false
  await at.pass(MINUTE)
  assert.ok(one.serial > told)
  assert.equal(one.zone.mirrors[0]?.addresses[0]?.condition.kind, 'down')
})
