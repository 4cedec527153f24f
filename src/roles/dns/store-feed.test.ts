import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryState, MemoryStore } from '#adapters/memory/index.ts'
import { type EpochMs, epochMs, toSeconds } from '#base/time.ts'
import type { Store } from '#ports/store.ts'
import { SimClock } from '#sim/index.ts'
import {
  aMirror,
  goodSight,
  healthOf,
  issued,
  NO_ANSWER,
  START,
} from '../../../test/support/mirrors.ts'
import { aGeneration, aSerial } from '../../../test/support/values.ts'
import { addresses } from '../../../test/support/zone.ts'
import { StoreFeed } from './index.ts'

const FACTS = {
  zone: 'clamav.example',
  nameServers: [{ name: 'ns1', addresses: addresses('192.0.2.53') }],
  masters: [],
  engine: { newestClamav: '1.4.6', versionWarning: 0, level: 90, safebrowsing: undefined },
}

async function world() {
  const state = new MemoryState()
  const store: Store = new MemoryStore(state)
  const clock = new SimClock(START)
  const events: string[] = []
  const onEvent = (line: string) => events.push(line)
  await store.registry.mirrors.put('m1', aMirror('m1'), undefined)
  await store.registry.health.put('m1', healthOf(goodSight(issued(START, 1)), START), undefined)
  const feed = new StoreFeed({ store, facts: FACTS, clock, onEvent })
  const turn = async (ms: number) => await clock.turnTo(epochMs(clock.now() + ms))
  await turn(0)
  return { state, store, clock, events, feed, turn }
}

/** Release `serial`, which clients are told of. */
async function announce(store: Store, serial: number, at: EpochMs): Promise<void> {
  const release = { serial: aSerial(serial), publishedAt: toSeconds(at), files: new Map() }
  const head = await store.releases.head()
  const generation = aGeneration((head?.generation ?? 0) + 1)
  const committed = { release, generation, master: 'rsync1', committedAt: at }
  assert.ok((await store.releases.commit(committed, head?.generation)).ok)
  assert.ok((await store.releases.announce(release.serial, at)).ok)
}

test('R26–R27: a change of the store is in the zone within a second', async () => {
  const { store, feed, turn } = await world()
  await using _ = feed
  const condition = () => feed.current()?.mirrors[0]?.addresses[0]?.condition.kind
  assert.equal(condition(), 'healthy')
  const before = await store.registry.health.get('m1')
  await store.registry.health.put('m1', healthOf(NO_ANSWER, START), before?.revision)
  await turn(1000)
  assert.equal(condition(), 'down')
  await announce(store, 4, START)
  await turn(1000)
  assert.equal(feed.current()?.announced?.serial, 4)
  await store.registry.mirrors.put('m2', aMirror('m2'), undefined)
  await turn(1000)
  assert.deepEqual(
    feed.current()?.mirrors.map(({ name }) => name),
    ['m1', 'm2'],
  )
})

test('what holds is said to hold each minute', async () => {
  const { clock, feed, turn } = await world()
  await using _ = feed
  await turn(10 * 60_000)
  const later = feed.current()
  assert.ok(toSeconds(clock.now()) - (later?.heardAt ?? 0) <= 61, 'heard a minute ago')
})

test('decision 9: while the store is away the last snapshot stays and ages', async () => {
  const { state, store, events, feed, turn } = await world()
  await using _ = feed
  await turn(60_000)
  const last = feed.current()
  state.isAway = true
  await turn(10 * 60_000)
  assert.equal(feed.current(), last)
  assert.equal(events.filter((line) => line.startsWith('what was answered last stays')).length, 1)
  state.isAway = false
  await store.registry.mirrors.put('m2', aMirror('m2'), undefined)
  await turn(1000)
  assert.equal(feed.current()?.mirrors.length, 2)
  assert.match(events.join('\n'), /the store is back/)
})

test('an announced release is found though others were committed since', async () => {
  const { store, feed, turn } = await world()
  await using _ = feed
  await announce(store, 4, START)
  for (const serial of [5, 6, 7]) {
    const head = await store.releases.head()
    const release = { serial: aSerial(serial), publishedAt: toSeconds(START), files: new Map() }
    const generation = aGeneration((head?.generation ?? 0) + 1)
    const next = { release, generation, master: 'rsync1', committedAt: START }
    assert.ok((await store.releases.commit(next, head?.generation)).ok)
  }
  await turn(1000)
  assert.equal(feed.current()?.announced?.serial, 4)
})

test('who cannot be in the zone is told, once', async () => {
  const { store, events, feed, turn } = await world()
  await using _ = feed
  await store.registry.mirrors.put('NS1', aMirror('NS1'), undefined)
  await turn(10 * 60_000)
  assert.deepEqual(events, ['NS1 is not in the zone: its name is no label of a host name'])
})
