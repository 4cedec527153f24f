import assert from 'node:assert/strict'
import { mkdir, readlink, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { publicKeys } from '#formats/dsig/index.ts'
import { layout } from '../../../dev/demo/layout.ts'
import { testNetwork } from '../../../test/support/network.ts'
import { realData, without, withoutRealData } from '../../../test/support/run.ts'
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
  })
  await assert.rejects(
    second,
    (error) => error instanceof MasterError && /process \d+ runs/.test(error.message),
  )
  assert.match(await network.release([testCvd]), /1 of 1 mirrors serve it/)
})

test('a journal that cannot be written is told, and the release is published and pushed', {
  skip,
}, async () => {
  await using network = await testNetwork(1)
  const state = layout(network.folder).master('rsync1')
  const before = await readlink(join(state, 'current'))
  await rm(join(state, 'journal.jsonl'), { force: true })
  await mkdir(join(state, 'journal.jsonl'))
  await network.upload([testCvd])
  const triggered = await network.trigger()
  assert.equal(triggered.status, 0, triggered.all)
  assert.match(triggered.err, /warning: .*journal/)
  assert.match(triggered.out, /1 of 1 mirrors serve it/)
  assert.notEqual(await readlink(join(state, 'current')), before)
})
