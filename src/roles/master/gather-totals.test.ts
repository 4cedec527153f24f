import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startHttpServer } from '#adapters/http/index.ts'
import { MemoryStore } from '#adapters/memory/index.ts'
import { epochMs, epochSeconds } from '#base/time.ts'
import { totalsCodec } from '#core/statistics/index.ts'
import { layout } from '../../../dev/demo/layout.ts'
import { testNetwork } from '../../../test/support/network.ts'
import { httpAnswer, rawMirror } from '../../../test/support/raw-mirror.ts'
import { aMirror } from '../../../test/support/records.ts'
import { eventually, realData, without, withoutRealData } from '../../../test/support/run.ts'
import { aSerial } from '../../../test/support/values.ts'
import { gatherTotals } from './gather-totals.ts'
import { PageFacts } from './page-facts.ts'

const signal = AbortSignal.timeout(60_000)
const NOON = Date.UTC(2026, 10, 24, 12)
const DAY_MS = 86_400_000
const NO_RELEASE = { serial: aSerial(1), publishedAt: epochSeconds(0), files: new Map() }

test('the pages have the traffic of the mirrors that offer it, until its days have passed', async () => {
  const days = [{ day: '2026-11-23', bytes: 3_000_000_000, requests: 2, clients: 1 }]
  const page = () => ({ contentType: 'application/json', body: totalsCodec.print({ days }) })
  await using open = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    source: () => undefined,
    localFolder: '/nowhere',
    guarded: { user: 'open', password: 'its own', page },
  })
  await using shy = await rawMirror(() => httpAnswer('no', '404 Not Found'))
  const store = new MemoryStore()
  for (const [name, httpPort] of [
    ['open', open.port],
    ['shy', shy.port],
  ] as const) {
    const rsyncLogin = { user: name, password: 'of rsync', statisticsPassword: 'its own' }
    const record = aMirror(name, { stage: 'listed', host: '127.0.0.1', httpPort, rsyncLogin })
    await store.registry.mirrors.put(name, record, undefined)
  }
  let now = NOON
  const clock = { now: () => epochMs(now), sleep: async () => {} }
  const facts = new PageFacts({
    zone: 'clamav.test',
    engine: { newestClamav: '1.4.6', versionWarning: 0, level: 90, safebrowsing: undefined },
    publicFile: async () => undefined,
    store,
    clock,
  })
  await facts.refresh()
  await facts.make(NO_RELEASE)
  assert.equal(facts.hasNews, false)
  const mirrors = (await store.registry.mirrors.list()).map(({ value }) => value)
  await gatherTotals({ zone: 'clamav.test', mirrors: () => mirrors, facts }, signal)
  assert.equal(facts.hasNews, true)
  for (const name of ['mirrors.html', 'index.html']) {
    const html = (await facts.make(NO_RELEASE)).get(name)?.replaceAll('\u00a0', ' ') ?? ''
    assert.match(html, /<b>3\.0 GB<\/b>sent yesterday.*<b>3\.0 GB<\/b>in thirty days/, name)
  }
  const known = await store.registry.mirrors.get('open')
  assert.ok(known !== undefined)
  const setStage = async (stage: 'retired' | 'listed') => {
    const at = await store.registry.mirrors.get('open')
    await store.registry.mirrors.put('open', { ...known.value, stage }, at?.revision)
    await facts.refresh()
    return (await facts.make(NO_RELEASE)).get('mirrors.html') ?? ''
  }
  assert.doesNotMatch(await setStage('retired'), /yesterday/)
  assert.match(await setStage('listed'), /yesterday/)
  now += 40 * DAY_MS
  assert.doesNotMatch((await facts.make(NO_RELEASE)).get('mirrors.html') ?? '', /yesterday/)
})

test('a master that starts asks the mirrors, and its next release tells', {
  skip: without('ssh', 'rsync') || withoutRealData(),
}, async () => {
  const day = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10)
  const days = [{ day, bytes: 5_000_000_000, requests: 2, clients: 1 }]
  let asked = 0
  const page = () => {
    asked += 1
    return { contentType: 'application/json', body: totalsCodec.print({ days }) }
  }
  await using open = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    source: () => undefined,
    localFolder: '/nowhere',
    guarded: { user: 'open', password: 'its own', page },
  })
  await using network = await testNetwork(0)
  const rsyncLogin = { user: 'open', password: 'of rsync', statisticsPassword: 'its own' }
  const at = { host: '127.0.0.1', httpPort: open.port, hostKey: undefined, rsyncLogin }
  const record = aMirror('open', { stage: 'listed', ...at })
  await network.store.registry.mirrors.put('open', record, undefined)
  await network.master[Symbol.asyncDispose]()
  await network.startAgain(0)
  await eventually(async () => assert.equal(asked, 1))
  await network.release([{ path: realData('clamav/test-1.cvd'), as: 'test.cvd' }])
  const current = join(layout(network.folder).master('rsync1'), 'current')
  const html = await readFile(join(current, 'mirrors.html'), 'utf8')
  assert.match(html, /<b>5\.0\u00a0GB<\/b>sent yesterday/)
})
