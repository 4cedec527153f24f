import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '#adapters/memory/index.ts'
import { type EpochMs, epochMs, toSeconds } from '#base/time.ts'
import type { ReleaseFile } from '#core/release/index.ts'
import { DEFAULT_ENGINE } from '#core/zone/index.ts'
import type { Store } from '#ports/store.ts'
import { SimClock } from '#sim/index.ts'
import { testNetwork } from '../../../test/support/network.ts'
import { eventually, realData, without, withoutRealData } from '../../../test/support/run.ts'
import { aGeneration, aName, aSerial, aVersion } from '../../../test/support/values.ts'
import { followPages } from './follow-pages.ts'
import { PageFacts } from './page-facts.ts'

const START = epochMs(1_795_488_000_000)

async function world() {
  const store: Store = new MemoryStore()
  const clock = new SimClock(START)
  const pages = new Map<string, string>()
  const facts = new PageFacts({
    zone: 'clamav.example',
    engine: DEFAULT_ENGINE,
    store,
    clock,
    publicFile: async (path) => pages.get(path),
  })
  const publish = async () => {
    const head = await store.releases.head()
    assert.ok(head)
    for (const [path, text] of await facts.make(head.release)) pages.set(path, text)
  }
  return { store, clock, facts, pages, publish }
}

/** Release `serial` with daily `serial`, published and not announced. */
async function commit(store: Store, serial: number, at: EpochMs) {
  const file: ReleaseFile = {
    kind: 'database',
    path: 'daily.cvd',
    name: aName('daily'),
    version: aVersion(serial),
    bytes: 512,
    sha256: '0'.repeat(64),
    datedAt: toSeconds(at),
    builtAt: toSeconds(at),
  }
  const files = new Map([[file.path, file]])
  const release = { serial: aSerial(serial), publishedAt: toSeconds(at), files }
  const head = await store.releases.head()
  const generation = aGeneration((head?.generation ?? 0) + 1)
  const committed = { release, generation, master: 'rsync1', committedAt: at }
  assert.ok((await store.releases.commit(committed, head?.generation)).ok)
}

test('dns.txt tells the announced release, not the newest', async () => {
  const { store, facts, pages, publish } = await world()
  await commit(store, 1, START)
  await facts.refresh()
  await publish()
  assert.equal(pages.get('dns.txt'), undefined)
  await store.releases.announce(aSerial(1), START)
  await commit(store, 2, START)
  await facts.refresh()
  assert.ok(facts.hasAnnouncement)
  await publish()
  assert.ok(!facts.hasAnnouncement)
  assert.equal(pages.get('dns.txt'), '1.4.6:0:1:1795488000:0:90:0:0\n')
})

test('a master that has not heard of an announcement leaves what another one published', async () => {
  const { store, facts, pages, publish } = await world()
  await commit(store, 1, START)
  await store.releases.announce(aSerial(1), START)
  await facts.refresh()
  pages.set('dns.txt', '1.4.6:0:2:1795487000:0:90:0:0\n')
  await publish()
  assert.equal(pages.get('dns.txt'), '1.4.6:0:2:1795488000:0:90:0:0\n')
})

test('an announcement is pushed at once, although pages went out just before', async () => {
  const { store, clock, facts, publish } = await world()
  await commit(store, 1, START)
  await publish()
  let pushes = 0
  const renewAndPush = async () => {
    pushes += 1
    await publish()
  }
  await using _ = followPages({ store, facts, clock, renewAndPush, onEvent: () => {} })
  await clock.turnTo(epochMs(START + 1000))
  assert.equal(pushes, 0)
  await store.releases.announce(aSerial(1), clock.now())
  await clock.turnTo(epochMs(START + 2000))
  assert.equal(pushes, 1)
  await clock.turnTo(epochMs(START + 300_000))
  assert.equal(pushes, 1)
})

test('mirrors have dns.txt soon after a release is announced, and not before', {
  skip: without('ssh', 'rsync') || withoutRealData(),
}, async () => {
  await using network = await testNetwork(1)
  await network.release([{ path: realData('clamav/test-1.cvd'), as: 'test.cvd' }])
  const { host, httpPort } = network.json.mirrors[0] ?? assert.fail('mirror1')
  const file = () => fetch(`http://${host}:${httpPort}/dns.txt`)
  assert.equal((await file()).status, 404)
  const head = await network.store.releases.head()
  assert.ok(head)
  await network.store.releases.announce(head.release.serial, epochMs(Date.now()))
  // "test" has a record of its own in the zone, and none of the fields here.
  await eventually(async () =>
    assert.match(await (await file()).text(), /^1\.4\.6:0:0:\d+:0:90:0:0\n$/),
  )
})
