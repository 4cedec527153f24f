import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { publicKeys } from '#formats/dsig/index.ts'
import type { ServerAnswer } from '#ports/database-server.ts'
import { cvd, database, mirror, others, PATCHES, publishers } from '../../../test/support/acme.ts'
import type { FakeServer } from '../../../test/support/database-servers.ts'
import { updateRun } from '../../../test/support/update-run.ts'
import { aName } from '../../../test/support/values.ts'

test('a client with nothing fetches the whole, one that is current asks nobody', async () => {
  await using it = await updateRun({ one: mirror(3) }, { record: 3 })
  const first = await it.end()
  assert.deepEqual([first.kind, first.status], ['updated', 0])
  assert.deepEqual([await it.files(), await it.signed()], [['acme.cud'], ['acme.cvd']])
  assert.ok((await readFile(join(it.own, 'acme.cvd'))).equals(cvd(3)))
  it.fake.asked.length = 0
  assert.equal((await it.end()).kind, 'up-to-date')
  assert.deepEqual(it.fake.asked, [])
})

test('an older one is patched, as freshclam does it, and nothing else is fetched', async () => {
  await using it = await updateRun({ one: mirror(4) }, { record: 4, local: 1 })
  const end = await it.end()
  assert.ok(end.kind === 'updated')
  assert.deepEqual([end.from, end.to, end.way], [1, 4, 'patches'])
  assert.deepEqual(it.fake.asked, ['one acme-2.cdiff', 'one acme-3.cdiff', 'one acme-4.cdiff'])
  assert.deepEqual([await it.files(), await it.signed()], [['acme.cud'], ['acme.cld']])
  assert.equal(await it.version(), 4)
})

test('patches that no server has end the row there, and what there is, is taken', async () => {
  await using it = await updateRun({ one: mirror(3) }, { record: 4, local: 1 })
  const end = await it.end()
  assert.ok(end.kind === 'updated')
  assert.deepEqual([end.to, end.newest, end.way], [3, 4, 'patches'])
  assert.match(it.said.join('\n'), /4 is announced and on no server yet/)
  assert.equal((await it.end()).kind, 'behind')
  assert.equal(await it.version(), 3)
})

test('an empty patch says: take the whole', async () => {
  const files = { 'acme-3.cdiff': new Uint8Array() }
  await using it = await updateRun({ one: mirror(3, { files }) }, { record: 3, local: 1 })
  const end = await it.end()
  assert.ok(end.kind === 'updated')
  assert.equal(end.way, 'whole')
  assert.deepEqual(await it.signed(), ['acme.cvd'])
})

const WRONG: readonly (readonly [string, Partial<FakeServer>])[] = [
  ['is down', { instead: { kind: 'unreachable', reason: 'refused' } }],
  ['forbids', { instead: { kind: 'refused', status: 403 } }],
  ['is busy', { instead: { kind: 'refused', status: 503 } }],
  ['asks to be left alone', { instead: { kind: 'refused', status: 429, retryAfter: 60 } }],
  ['has a bad patch', { files: { 'acme-2.cdiff': Buffer.from('ClamAV-Diff:2:9:nonsense') } }],
  [
    'has the patch of somebody else',
    { files: { 'acme-2.cdiff': Buffer.from(PATCHES.get('acme-3.cdiff') ?? '') } },
  ],
  ['sends too much', { instead: { kind: 'too-large', bytesMax: 9 } }],
]
for (const [what, more] of WRONG) {
  test(`a first server that ${what} is followed by the next`, async () => {
    await using it = await updateRun(
      { one: mirror(4, more), two: mirror(4) },
      { record: 4, local: 1 },
    )
    const end = await it.end()
    assert.ok(end.kind === 'updated')
    assert.deepEqual([end.to, end.status], [4, 0])
    assert.equal(await it.version(), 4)
    assert.equal(it.said.filter((line) => /^http:..one\b/.test(line)).length, 1)
  })
}

const BAD: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['signed by somebody else', database(3, { by: others }), /no known publisher has signed/],
  ['cut', cvd(3).subarray(0, -20), /MD5|short|end/i],
  ['another database', database(3, { name: 'main' }), /its content is "main"/],
  ['no database', Buffer.alloc(2000, 'x'), /does not begin as a database/],
]
for (const [what, bytes, reason] of BAD) {
  test(`a whole file that is ${what} is refused, the next server's is taken, nothing is lost`, async () => {
    const bad = { files: { 'acme.cvd': bytes } }
    await using alone = await updateRun({ one: bad }, { record: 3, local: 1 })
    const end = await alone.end()
    assert.deepEqual([end.kind, end.status], ['refused', 1])
    assert.match(alone.said.join('\n'), reason)
    assert.equal(await alone.version(), 1)
    await using it = await updateRun({ one: bad, two: mirror(3) }, { record: 3 })
    assert.equal((await it.end()).kind, 'updated')
    assert.equal(await it.version(), 3)
  })
}

test('without a record every server is asked, and the newest wins over a first one that has stopped', async () => {
  const servers = { stopped: mirror(1), two: mirror(3), three: mirror(2) }
  await using it = await updateRun(servers, { kind: 'private', local: 1 })
  const end = await it.end()
  assert.ok(end.kind === 'updated')
  assert.deepEqual([end.to, end.way, end.server], [3, 'whole', 'http://two'])
})

test('a record that is too old, or of no use, is told and not believed', async () => {
  await using it = await updateRun({ one: mirror(2) }, { record: 4, age: 50_000, local: 1 })
  const end = await it.end()
  assert.ok(end.kind === 'updated')
  assert.equal(end.to, 2)
  assert.match(
    it.said.join('\n'),
    /TXT current\.cvd\.test is not used: it is older than twelve hours/,
  )
})

test('servers that are older than what is here take nothing back', async () => {
  await using it = await updateRun({ one: mirror(2) }, { kind: 'private', local: 3 })
  assert.deepEqual([(await it.end()).kind, await it.version()], ['up-to-date', 3])
  await using told = await updateRun({ one: mirror(2) }, { record: 2, local: 3 })
  assert.deepEqual([(await told.end()).kind, await told.version()], ['ahead', 3])
})

test('nobody who can be reached is the world’s fault, and all who ask it are left alone', async () => {
  const down: ServerAnswer<never> = { kind: 'unreachable', reason: 'connection refused' }
  await using it = await updateRun({ one: { files: {}, instead: down } }, { record: 3, local: 1 })
  const end = await it.end()
  assert.deepEqual([end.kind, end.status], ['unreached', 3])
  const tired: ServerAnswer<never> = { kind: 'refused', status: 429, retryAfter: 77 }
  await using alone = await updateRun(
    { one: { files: {}, instead: tired } },
    { record: 3, local: 1 },
  )
  const left = await alone.end()
  assert.ok(left.kind === 'left-alone')
  assert.deepEqual([left.seconds, left.status], [77, 0])
})

test('what the engine does not load never gets there', async () => {
  await using it = await updateRun(
    { one: mirror(3) },
    { record: 3, local: 1, engineTest: async () => 'Malformed database' },
  )
  const end = await it.end()
  assert.deepEqual([end.kind, end.status, await it.version()], ['refused', 1, 1])
  assert.match(it.said.join('\n'), /acme was not updated: Malformed database/)
})

test('of two files that a kill left behind, the newer stays; one that is broken is replaced', async () => {
  await using it = await updateRun({ one: mirror(3) }, { record: 3, local: 1 })
  await it.end()
  await writeFile(join(it.folder, 'acme.cvd'), cvd(2))
  assert.equal((await it.end()).kind, 'up-to-date')
  assert.deepEqual([await it.files(), await it.signed()], [['acme.cud'], ['acme.cld']])
  await writeFile(join(it.own, 'acme.cld'), 'ClamAV-VDB:broken')
  const end = await it.end()
  assert.ok(end.kind === 'updated')
  assert.deepEqual([end.from, end.to, end.way], [undefined, 3, 'whole'])
  assert.match(it.said.join('\n'), /acme\.cld" is not right/)
})

test('what the engine loads is made again when somebody has taken it away', async () => {
  await using it = await updateRun({ one: mirror(3) }, { record: 3 })
  await it.end()
  await rm(join(it.folder, 'acme.cud'))
  it.fake.asked.length = 0
  assert.equal((await it.end()).kind, 'up-to-date')
  assert.deepEqual([await it.version(), it.fake.asked], [3, []])
})

test('nobody but ClamAV signs what is ClamAV’s, and nobody goes on with what another has signed', async () => {
  const daily = { files: { 'daily.cvd': database(3, { name: 'daily' }) } }
  await using it = await updateRun({ one: daily }, { kind: 'private', databases: [aName('daily')] })
  const report = await it.run()
  assert.equal(report.databases.get(aName('daily'))?.kind, 'refused')
  assert.deepEqual(await it.files(), [])
  const two = { publishers: [...publishers, publicKeys(others)] }
  const taken = { files: { 'acme.cvd': database(3, { by: others }) } }
  await using other = await updateRun({ one: taken }, { kind: 'private', local: 1, ...two })
  assert.equal((await other.end()).kind, 'refused')
  assert.equal(await other.version(), 1)
})

test('a second run at the same time is told who has the folder', async () => {
  await using it = await updateRun({ one: mirror(3) }, { record: 3 })
  const both = await Promise.allSettled([it.run(), it.run()])
  const refused = both.filter((one) => one.status === 'rejected')
  assert.equal(refused.length, 1)
  assert.match(String(refused[0]?.reason), /another run is at it \(process \d+\)/)
})
