import assert from 'node:assert/strict'
import { mkdtempDisposable, readlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MemoryState, MemoryStore } from '#adapters/memory/index.ts'
import { makeNetworkKeys } from '#adapters/tuf/index.ts'
import { epochMs } from '#base/time.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import { layout } from '../../../dev/demo/layout.ts'
import { testNetwork } from '../../../test/support/network.ts'
import { eventually, realData, run, without, withoutRealData } from '../../../test/support/run.ts'
import { MasterError, startMaster } from './index.ts'

const skip = without('ssh', 'rsync') || withoutRealData()
const testCvd = { path: realData('clamav/test-1.cvd'), as: 'test.cvd' }

const OPTIONS = {
  name: 'rsync1',
  zone: 'clamav.test',
  address: '127.0.0.1',
  ssh: { host: '127.0.0.1', port: 0 },
  rsync: { host: '127.0.0.1', port: 0 },
  module: 'clamavdb',
  releasesKept: 5,
  uploadLimits: { fileBytesMax: 1, folderBytesMax: 1, filesMax: 1 },
  push: {
    parallel: 1,
    connectTimeoutMs: 1,
    syncTimeoutMs: 1,
    retries: 0,
    retryBaseMs: 1,
    retryMaxMs: 1,
    canary: false,
  },
  timestampEveryMs: 3_600_000,
  sigmakers: [],
  mirrors: [],
}

test('a second master on the same state folder does not start, and harms nothing', {
  skip,
}, async () => {
  await using network = await testNetwork(1)
  const second = startMaster({
    ...OPTIONS,
    state: layout(network.folder).master('rsync1'),
    publishers: [{ keys: publicKeys(network.keys.publisher), always: [] }],
    networkKeys: layout(network.folder).networkKeys,
    store: new MemoryStore(),
  })
  await assert.rejects(
    second,
    (error) => error instanceof MasterError && /process \d+ runs/.test(error.message),
  )
  assert.match(await network.release([testCvd]), /1 of 1 mirrors serve it/)
})

// Decision 9.
test('with the store away publishing says so and waits, and everything else goes on', {
  skip,
}, async () => {
  const state = new MemoryState()
  await using network = await testNetwork(1, {
    store: new MemoryStore(state),
    storePatienceMs: 1500,
  })
  const current = join(layout(network.folder).master('rsync1'), 'current')
  await network.release([testCvd])
  const before = await readlink(current)
  state.isAway = true
  await network.upload([{ path: realData('clamav/test-2.cvd'), as: 'test.cvd' }])
  const failed = await network.trigger()
  assert.equal(failed.status, 3, failed.all)
  assert.match(failed.out, /the store is away; publishing waits for it/)
  assert.match(failed.err, /what is published stays as it is/)
  assert.equal(await readlink(current), before)
  state.isAway = false
  const triggered = await network.trigger()
  assert.equal(triggered.status, 0, triggered.all)
  assert.match(triggered.out, /test 2 is published[\s\S]*1 of 1 mirrors serve it/)
})

test('a new master whose store is away starts without waiting, says so, and is served when it is back', {
  skip,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-new-'))
  const networkKeys = join(folder.path, 'network')
  await makeNetworkKeys(networkKeys, epochMs(Date.now()))
  const state = new MemoryState()
  state.isAway = true
  const said: string[] = []
  await using master = await startMaster({
    ...OPTIONS,
    state: join(folder.path, 'rsync1'),
    networkKeys,
    publishers: [],
    store: new MemoryStore(state),
    onEvent: (line) => said.push(line),
  })
  assert.match(said.join('\n'), /the store is away; publishing waits for it/)
  assert.equal(master.published(), undefined)
  state.isAway = false
  await eventually(async () => assert.equal(master.published()?.release.serial, 0))
})

test('a sigmaker who is added gets in at once, and one who is removed does not', {
  skip,
}, async () => {
  await using network = await testNetwork(0)
  const { sigmakers } = network.store.registry
  const theirs = await sigmakers.get('sigmaker')
  const entries = await network.store.journal.read({ limit: 99, subject: 'sigmaker' })
  assert.deepEqual(
    entries.map(({ what }) => what),
    ['sigmaker-added'],
  )
  assert.ok(theirs !== undefined)
  await sigmakers.remove('sigmaker', theirs.revision)
  await eventually(async () => {
    const upload = await network.upload([testCvd])
    assert.match(upload.err, /Permission denied/)
  })
  await sigmakers.put('other', { ...theirs.value, name: 'other' }, undefined)
  await eventually(async () => {
    assert.equal((await network.upload([testCvd])).status, 0)
  })
  assert.match((await network.trigger()).out, /release by other[\s\S]*test 1 is published/)
})

test('a mirror that is suspended is not called and cannot pull; taken back, it is pushed to', {
  skip,
}, async () => {
  await using network = await testNetwork(2)
  const { mirrors } = network.store.registry
  const setStage = async (stage: 'suspended' | 'listed') => {
    const two = await mirrors.get('mirror2')
    assert.ok(two !== undefined)
    await mirrors.put('mirror2', { ...two.value, stage }, two.revision)
  }
  const { host, httpPort, user, password } = network.json.mirrors[1] ?? assert.fail('mirror2')
  const pull = () =>
    run('rsync', [`rsync://${user}@127.0.0.1:${network.master.rsync.port}/clamavdb/`], {
      env: { RSYNC_PASSWORD: password },
    })
  assert.equal((await pull()).status, 0)
  await setStage('suspended')
  await eventually(async () => assert.match((await pull()).err, /auth failed/))
  assert.match(await network.release([testCvd]), /1 of 1 mirrors serve it/)
  const served = () => fetch(`http://${host}:${httpPort}/test.cvd`)
  assert.equal((await served()).status, 404)
  await setStage('listed')
  await eventually(async () => assert.equal((await served()).status, 200))
})

test('a mirror whose window is closed waits, and the sigmaker reads so; opened, it is pushed to', {
  skip,
}, async () => {
  await using network = await testNetwork(2)
  const { mirrors } = network.store.registry
  const minute = Math.floor(Date.now() / 60_000)
  const setWindow = async (from: number, until: number) => {
    const two = await mirrors.get('mirror2')
    assert.ok(two !== undefined)
    const push = { ...two.value.push, window: { from: from % 1440, until: until % 1440 } }
    await mirrors.put('mirror2', { ...two.value, push }, two.revision)
  }
  await setWindow(minute + 600, minute + 660)
  const entries = async () => await network.store.journal.read({ limit: 5, subject: 'mirror2' })
  // The registry is followed: a mirror that is called otherwise from now on is pushed to anew.
  await eventually(async () => assert.equal((await entries())[0]?.what, 'push-postponed'))
  const said = await network.release([testCvd])
  assert.match(said, /mirror2: waits for its window, \d\d:\d\d-\d\d:\d\d UTC/)
  assert.match(said, /1 of 2 mirrors serve it[^\n]*\n[^\n]*waiting for their window: mirror2/)
  const { host, httpPort } = network.json.mirrors[1] ?? assert.fail('mirror2')
  const served = () => fetch(`http://${host}:${httpPort}/test.cvd`)
  assert.equal((await served()).status, 404)
  await setWindow(minute + 1430, minute + 60)
  await eventually(async () => assert.equal((await served()).status, 200))
})

// R6–R9.
test('a master that died between a release and its letter writes it at its next start, once', {
  skip,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-news-'))
  const state = new MemoryState()
  const { store, publisher } = await releasedIn(folder.path, state)
  const mails = async () => await store.jobs.waiting('mail')
  const [news] = await store.notices.news.list()
  assert.match(news?.value.subject ?? '', /test 1$/)
  const start = () =>
    startMaster({
      ...OPTIONS,
      state: layout(folder.path).master('rsync1'),
      publishers: [{ keys: publisher, always: [] }],
      networkKeys: layout(folder.path).networkKeys,
      store: new MemoryStore(state),
    })
  await forget(store)
  {
    await using _ = await start()
    await eventually(async () => assert.equal((await mails()).length, 1))
  }
  const [again] = await store.notices.news.list()
  assert.deepEqual(again?.name, news?.name)
  const job = await store.jobs.take('mail', 'postman', 1000, epochMs(Date.now()))
  assert.ok(job)
  await store.jobs.done(job)
  await (await start())[Symbol.asyncDispose]()
  assert.deepEqual(await mails(), [])
})

/** A network in that folder that has released `test.cvd` and is stopped. */
async function releasedIn(folder: string, state: MemoryState) {
  await using network = await testNetwork(0, { folder, store: new MemoryStore(state) })
  await network.release([testCvd])
  return { store: new MemoryStore(state), publisher: publicKeys(network.keys.publisher) }
}

/** As if the master had not come to its letter. */
async function forget({ jobs, notices }: MemoryStore): Promise<void> {
  for (const { name, revision } of await notices.news.list())
    await notices.news.remove(name, revision)
  const job = await jobs.take('mail', 'nobody', 1000, epochMs(Date.now()))
  assert.ok(job)
  await jobs.done(job)
  assert.deepEqual(await jobs.waiting('mail'), [])
}
