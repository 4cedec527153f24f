import assert from 'node:assert/strict'
import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { MemoryState, MemoryStore } from '#adapters/memory/index.ts'
import { publicKeys } from '#formats/dsig/index.ts'
import { layout } from '../../../dev/demo/layout.ts'
import { testNetwork } from '../../../test/support/network.ts'
import { eventually, realData, run, without, withoutRealData } from '../../../test/support/run.ts'
import { MasterError, startMaster } from './index.ts'

const skip = without('ssh', 'rsync') || withoutRealData()
const testCvd = { path: realData('clamav/test-1.cvd'), as: 'test.cvd' }

test('a second master on the same state folder does not start, and harms nothing', {
  skip,
}, async () => {
  await using network = await testNetwork(1)
  const second = startMaster({
    name: 'rsync1',
    zone: 'clamav.test',
    state: layout(network.folder).master('rsync1'),
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
    },
    timestampEveryMs: 3_600_000,
    publishers: [{ keys: publicKeys(network.keys.publisher), always: [] }],
    networkKeys: layout(network.folder).networkKeys,
    sigmakers: [],
    mirrors: [],
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
  assert.match(failed.out, /the store is away; this one waits/)
  assert.match(failed.err, /what is published stays as it is/)
  assert.equal(await readlink(current), before)
  state.isAway = false
  const triggered = await network.trigger()
  assert.equal(triggered.status, 0, triggered.all)
  assert.match(triggered.out, /test 2 is published[\s\S]*1 of 1 mirrors serve it/)
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
