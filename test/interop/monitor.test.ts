import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { MemoryStore } from '#adapters/memory/index.ts'
import { postLetter } from '#adapters/outbox/index.ts'
import { epochMs } from '#base/time.ts'
import { HEALTH_POLICY } from '#core/health/index.ts'
import { dutyLetter, NOTICE_POLICY } from '#core/notices/index.ts'
import { startMonitor } from '#roles/monitor/index.ts'
import { writeOwnContent } from '../../dev/demo/content.ts'
import { layout } from '../../dev/demo/layout.ts'
import { nextBuild } from '../../dev/demo/sets.ts'
import { aMirror } from '../support/mirrors.ts'
import { testNetwork } from '../support/network.ts'
import { httpAnswer, rawMirror } from '../support/raw-mirror.ts'
import { smtpSink } from '../support/smtp-sink.ts'

/** Bounded: a hundred looks at what should be so. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 100; look += 1) {
    if (await isSo()) return
    await setTimeout(200)
  }
  assert.fail(`it never happened: ${what}`)
}

const SECOND = 1000

test('real mirrors are looked at, a liar is found out, and letters reach a real server', async () => {
  await using network = await testNetwork(4)
  const uploads = await writeOwnContent(
    join(network.folder, 'own'),
    await nextBuild(network.folder, 'rsync1'),
    network.keys,
  )
  await network.release(uploads.map(({ path, as }) => ({ path, as })))
  await using store = new MemoryStore()
  await using sink = await smtpSink()
  const published = network.master.published()
  assert.ok(published !== undefined)
  const head = { ...published, master: 'rsync1', committedAt: epochMs(Date.now()) }
  assert.ok((await store.releases.commit(head, undefined)).ok)
  for (const { name, host, httpPort } of network.json.mirrors) {
    const record = aMirror(name, { addresses: [host], httpPort, stageSince: epochMs(Date.now()) })
    assert.ok((await store.registry.mirrors.put(name, record, undefined)).ok)
  }
  const tree = join(layout(network.folder).master('rsync1'), 'current')
  // Its timestamp is fresh, its database is another one (field-notes 1.2).
  const stamp = await readFile(join(tree, 'timestamp'), 'latin1')
  await using liar = await rawMirror((path) =>
    httpAnswer(path === '/timestamp' ? stamp : 'x'.repeat(2000)),
  )
  const record = aMirror('liar', { addresses: ['127.0.0.1'], httpPort: liar.port })
  assert.ok((await store.registry.mirrors.put('liar', record, undefined)).ok)
  await using _ = startMonitor({
    name: 'monitor1',
    zone: network.json.zone,
    store,
    health: {
      ...HEALTH_POLICY,
      roundMs: SECOND,
      confirmMs: SECOND / 4,
      addressWarnAfterMs: SECOND,
    },
    looksAtOnce: 8,
    anchors: [],
    tree,
    nameServers: [],
    mail: {
      host: '127.0.0.1',
      port: sink.port,
      security: 'none',
      login: undefined,
      from: 'cvdnet@clamav.test',
      lists: { virusdb: undefined, mirrors: 'mirrors@lists.test', team: 'team@lists.test' },
      notices: NOTICE_POLICY,
    },
  })
  const isUp = async (name: string) =>
    (await store.registry.health.get(name))?.value.addresses[0]?.isUp === true
  const lastOf = async (name: string) =>
    (await store.registry.health.get(name))?.value.addresses[0]?.last
  const words = async (name: string) => JSON.stringify(await store.registry.health.get(name))
  for (const { name } of network.json.mirrors) {
    await until(`${name} is up: ${await words(name)}`, () => isUp(name))
  }
  await until('the liar was looked at', async () => (await lastOf('liar')) !== undefined)
  assert.partialDeepStrictEqual(await lastOf('liar'), { kind: 'bad', fault: 'wrong-content' })
  assert.equal(await isUp('liar'), false)
  assert.equal((await store.jobs.leases())[0]?.holder, 'monitor1')
  const duty = { kind: 'joined', mirror: 'mirror9', country: 'FR' } as const
  await postLetter(store, dutyLetter(duty, network.json.zone, epochMs(Date.now())))
  await until('the letter arrives', async () => sink.letters.length > 0)
  assert.deepEqual(sink.letters[0]?.to, ['mirrors@lists.test'])
  assert.equal((await store.notices.news.list()).length, 1)
})
