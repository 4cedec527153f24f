/** Mirrors that mean harm, folders that somebody else has been in, and disks that say no. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#adapters/system/index.ts'
import { epochMs } from '#base/time.ts'
import { hasNews, statusOf } from '#core/update/index.ts'
import type { ServerAnswer } from '#ports/database-server.ts'
import { cvd, database, mirror } from '../../../test/support/acme.ts'
import { updateRun } from '../../../test/support/update-run.ts'
import { aName } from '../../../test/support/values.ts'

test('no server keeps a client away for longer than a day', async () => {
  const tired: ServerAnswer<never> = { kind: 'refused', status: 429, retryAfter: 4_000_000_000 }
  await using it = await updateRun({ one: { files: {}, instead: tired } }, { record: 3, local: 1 })
  const end = await it.end()
  assert.ok(end.kind === 'left-alone')
  assert.equal(end.seconds, 86_400)
})

test('patches that come one in some hours do not hold a run for weeks', async () => {
  let now = systemClock.now()
  const clock = { now: () => now, sleep: async () => {} }
  await using it = await updateRun({ one: mirror(4) }, { record: 4, local: 1, clock })
  it.fake.servers['one'] = {
    get files() {
      now = epochMs(now + 4 * 3_600_000)
      return mirror(4).files
    },
  }
  const end = await it.end()
  assert.ok(end.kind === 'updated')
  assert.deepEqual([end.way, end.to], ['patches', 3])
  assert.equal((await it.end()).kind, 'updated')
  assert.equal(await it.version(), 4)
})

test('a file by address that is a named pipe, or on another machine, is told, and nobody waits', {
  timeout: 20_000,
}, async () => {
  await using it = await updateRun(
    { one: mirror(3) },
    {
      record: 3,
      customUrls: [
        new URL('file:///dev/null'),
        new URL('file://elsewhere/my.ndb'),
        new URL('http://one/own.cvd'),
      ],
    },
  )
  it.fake.servers['one'] = mirror(3, { files: { 'own.cvd': cvd(1) } })
  const report = await it.run()
  const kinds = [...report.custom.values()].map(({ kind }) => kind)
  assert.deepEqual(kinds, ['unreached', 'unreached', 'updated'])
  assert.match(it.said.join('\n'), /null was not updated: "\/dev\/null" is not a plain file/)
  await it.run()
  assert.doesNotMatch(it.said.join('\n'), /not kept up to date/)
})

test('what the system says of a failure is told with what was tried', async () => {
  const engineTest = async () => {
    const cause = new Error('ENOSPC: no space left on device')
    throw Object.assign(new Error('Cannot unpack', { cause }), { code: 'unreadable' })
  }
  await using it = await updateRun({ one: mirror(3) }, { record: 3, engineTest })
  const end = await it.end()
  assert.ok(end.kind === 'failed')
  assert.deepEqual(end.reasons, ['Cannot unpack (ENOSPC: no space left on device)'])
})

test('who asks to be left alone is named, where nobody else has the file', async () => {
  const tired: ServerAnswer<never> = { kind: 'refused', status: 429, retryAfter: 60 }
  await using it = await updateRun(
    { one: { files: {}, instead: tired }, two: { files: {} } },
    { record: 3, local: 1, customUrls: [new URL('http://three/my.ndb')] },
  )
  it.fake.servers['three'] = { files: {}, instead: tired }
  await it.run()
  const said = it.said.join('\n')
  assert.match(
    said,
    /my\.ndb was not updated: http:\/\/three\/ asks to be left alone for 60 seconds$/m,
  )
  await using without = await updateRun(
    { one: { files: {}, instead: tired }, two: { files: {} } },
    { record: 3 },
  )
  const end = await without.end()
  assert.ok(end.kind === 'unreached')
  assert.deepEqual(end.reasons, [
    'http://one asks to be left alone for 60 seconds',
    'no other server has acme.cvd',
  ])
})

test('logins and tokens are used, and never told', async () => {
  const answers = [
    { kind: 'unreachable', reason: 'refused' },
    { kind: 'refused', status: 503 },
    { kind: 'too-large', bytesMax: 9 },
  ] as const
  const custom = new URL('http://me:secret@one/lists/my.ndb?token=secret')
  for (const instead of answers) {
    const bad = { files: {}, instead }
    await using it = await updateRun(
      { 'me:secret@one': bad },
      {
        ...{ record: 3, attemptsMax: 2, customUrls: [custom] },
        clock: { now: systemClock.now, sleep: async () => {} },
      },
    )
    it.fake.servers['one'] = bad
    const report = await it.run()
    assert.ok(it.fake.asked.includes('one lists/my.ndb'), it.fake.asked.join('; '))
    assert.match(it.said.join('\n'), /http:\/\/one/)
    assert.doesNotMatch(it.said.join('\n'), /secret/)
    assert.doesNotMatch(JSON.stringify([...report.databases, ...report.custom.values()]), /secret/)
  }
  await using good = await updateRun({ 'me:secret@one': mirror(3) }, { record: 3 })
  good.fake.servers['one'] = mirror(3)
  const end = await good.end()
  assert.ok(end.kind === 'updated')
  assert.equal(end.server, 'http://one')
  assert.doesNotMatch(good.said.join('\n'), /secret/)
})

test('what is no database in its place is told and replaced, and keeps nothing else from its update', async () => {
  await using it = await updateRun({ one: mirror(3) }, { record: 3 })
  execFileSync('mkfifo', [join(it.folder, 'acme.cvd')])
  assert.equal((await it.end()).kind, 'updated')
  assert.match(it.said.join('\n'), /acme\.cvd" is not right: .*not a plain file/)
  assert.deepEqual([await it.files(), await it.version()], [['acme.cud'], 3])
})

test('a broken file of the other kind does not stay beside the good one', async () => {
  await using it = await updateRun({ one: mirror(3) }, { record: 3 })
  await mkdir(join(it.folder, '.cvdnet', 'signed'), { recursive: true })
  await writeFile(join(it.own, 'acme.cld'), 'broken')
  await writeFile(join(it.folder, 'acme.cld'), 'broken')
  assert.equal((await it.end()).kind, 'updated')
  assert.deepEqual([await it.files(), await it.signed()], [['acme.cud'], ['acme.cvd']])
})

test('a signed file that the engine does not know is taken from where it loads, though it is the newest', async () => {
  await using it = await updateRun({ one: mirror(3) }, { record: 3 })
  await it.end()
  await writeFile(join(it.folder, 'acme.cvd'), cvd(3))
  assert.equal((await it.end()).kind, 'up-to-date')
  assert.deepEqual([await it.files(), await it.signed()], [['acme.cud'], ['acme.cvd']])
})

test('everybody may read what the engine loads, whatever mask the client was started with', async () => {
  const before = process.umask(0o077)
  try {
    await using it = await updateRun({ one: mirror(3) }, { record: 3 })
    assert.equal((await it.end()).kind, 'updated')
    assert.equal((await stat(join(it.folder, 'acme.cud'))).mode & 0o777, 0o644)
  } finally {
    process.umask(before)
  }
})

test('what killed runs have left in the scratch folder goes, but for what a download goes on with', async () => {
  await using it = await updateRun({ one: mirror(3) }, { record: 3, local: 1 })
  const scratch = join(it.folder, '.cvdnet', 'scratch')
  await mkdir(join(scratch, 'acme.members'), { recursive: true })
  for (const name of [
    'acme-1.cdiff',
    '.acme.cud.part',
    'gone.cvd',
    'gone.cvd.from',
    'other.cvd',
    'other.cvd.from',
  ])
    await writeFile(join(scratch, name), 'x')
  const old = Date.now() / 1000 - 30 * 86_400
  for (const name of ['gone.cvd', 'gone.cvd.from']) await utimes(join(scratch, name), old, old)
  await it.end()
  assert.deepEqual(await readdir(scratch), ['other.cvd', 'other.cvd.from'])
})

test('a database that cannot be put in its place does not keep the others from theirs', async () => {
  const files = { 'beta.cvd': database(3, { name: 'beta' }) }
  const databases = [aName('beta'), aName('acme')]
  await using it = await updateRun({ one: mirror(3, { files }) }, { record: 3, databases })
  await mkdir(join(it.folder, 'beta.cud', 'in-the-way'), { recursive: true })
  const report = await it.run()
  assert.equal(report.databases.get(aName('beta'))?.kind, 'failed')
  assert.equal(report.databases.get(aName('acme'))?.kind, 'updated')
  assert.match(it.said.join('\n'), /beta was not updated: Cannot put ".*beta\.cud" in place/)
  assert.deepEqual([statusOf(report), hasNews(report)], [3, true])
})
