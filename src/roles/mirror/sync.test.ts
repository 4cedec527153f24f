import assert from 'node:assert/strict'
import {
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { epochMs } from '#base/time.ts'
import type { Clock } from '#ports/clock.ts'
import {
  asText,
  contentOf,
  releaseFiles,
  secondsOf,
  sync,
  synced,
} from '../../../test/support/mirror-sync.ts'
import { BUILT, mirrorWorld } from '../../../test/support/mirror-world.ts'

test('a release is published whole; the next replaces it, deletes what is gone, keeps local_*', async () => {
  await using it = await mirrorWorld()
  const first = releaseFiles(it, 1)
  await it.publish(1, first)
  await mkdir(join(it.docroot, 'sub/local_stats'), { recursive: true })
  await writeFile(join(it.docroot, 'local_logo.png'), 'logo')
  await writeFile(join(it.docroot, 'sub/local_stats/a.html'), 'stats')
  await writeFile(join(it.docroot, 'foreign.txt'), 'not the master’s')
  const local = { 'local_logo.png': 'logo', 'sub/local_stats/a.html': 'stats' }
  const one = await synced(it)
  assert.deepEqual([one.serial, one.changed, one.deleted], [1, true, 1])
  assert.deepEqual(await contentOf(it.docroot), { ...asText(first), ...local })
  assert.equal(await readlink(join(it.state, 'current')), 'trees/1')
  const second = releaseFiles(it, 2)
  await it.publish(2, second)
  await synced(it)
  assert.deepEqual(await contentOf(it.docroot), { ...asText(second), ...local })
  assert.deepEqual(await contentOf(join(it.state, 'current')), asText(second))
  assert.deepEqual((await readdir(join(it.docroot, 'tuf'))).length, 5)
  const journal = (await readFile(join(it.state, 'journal.jsonl'), 'utf8')).trim().split('\n')
  assert.equal(journal.length, 2)
  assert.match(
    journal[1] ?? '',
    /"who":"rsync1","what":"synced","subject":"release 2 generation 2"/,
  )
})

test('only what changed travels', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, releaseFiles(it, 1))
  await synced(it)
  await it.publish(2, releaseFiles(it, 2))
  // The master links what stays, so that its time stays too.
  await utimes(join(it.dir, 'master/2/main.cvd'), BUILT + 1, BUILT + 1)
  const { said } = await sync(it)
  assert.match(said, /^ {2}daily\.cvd$/m)
  assert.doesNotMatch(said, /main\.cvd/)
})

test('dates: a .cvd its build, plain files when this mirror first showed them, kept while they stay', async () => {
  await using it = await mirrorWorld()
  let now = 1_800_000_000
  const clock: Clock = { now: () => epochMs(now * 1000), sleep: () => Promise.resolve() }
  const at = (path: string) => secondsOf(join(it.docroot, path))
  await it.publish(1, releaseFiles(it, 1))
  await synced(it, { clock })
  assert.equal(await at('daily.cvd'), BUILT + 3600)
  assert.equal(await at('daily-1.cdiff'), BUILT + 1)
  assert.equal(await at('phish.ndb'), now)
  await it.publish(2, releaseFiles(it, 2))
  now += 1000
  await synced(it, { clock })
  assert.equal(await at('daily.cvd'), BUILT + 7200)
  assert.equal(await at('phish.ndb'), now - 1000, 'the same content keeps its time')
  assert.equal(await at('database/viruses.db'), now)
  await it.publish(3, releaseFiles(it, 3))
  now -= 5000
  await synced(it, { clock })
  assert.equal(await at('phish.ndb'), now + 4001, 'a clock set back makes nothing older')
  assert.equal(await at('database/viruses.db'), now + 5001)
})

test('the same generation again publishes nothing, and mends a document root that was touched', async () => {
  await using it = await mirrorWorld()
  const files = releaseFiles(it, 1)
  await it.publish(1, files)
  await synced(it)
  const again = await synced(it)
  assert.deepEqual([again.changed, again.put, again.deleted], [false, 0, 0])
  await rm(join(it.docroot, 'daily.cvd'))
  await writeFile(join(it.docroot, 'timestamp'), 'tampered')
  await utimes(join(it.docroot, 'main.cvd'), 5, 5)
  await writeFile(join(it.docroot, 'foreign.txt'), 'x')
  const mended = await synced(it)
  assert.deepEqual([mended.put, mended.deleted], [3, 1])
  assert.deepEqual(await contentOf(it.docroot), asText(files))
  assert.equal(await secondsOf(join(it.docroot, 'main.cvd')), BUILT + 3600)
})

test('links in the document root are not written through', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, releaseFiles(it, 1))
  await mkdir(it.docroot)
  await mkdir(join(it.dir, 'outside'))
  await writeFile(join(it.dir, 'outside', 'file'), 'untouched')
  await symlink(join(it.dir, 'outside'), join(it.docroot, 'database'))
  await symlink(join(it.dir, 'outside', 'file'), join(it.docroot, 'daily.cvd'))
  await symlink('/nowhere', join(it.docroot, 'dangling'))
  await synced(it)
  assert.deepEqual(await readdir(join(it.dir, 'outside')), ['file'])
  assert.equal(await readFile(join(it.dir, 'outside', 'file'), 'utf8'), 'untouched')
  assert.ok((await stat(join(it.docroot, 'database/viruses.db'))).isFile())
  assert.ok(!(await readdir(it.docroot)).includes('dangling'))
})

test('what the operator excludes is neither fetched, nor missed, nor deleted', async () => {
  await using it = await mirrorWorld()
  await it.writeConf({ EXCLUDE: '--exclude /index.html --exclude *.ndb' })
  await it.publish(1, releaseFiles(it, 1))
  await mkdir(it.docroot)
  await writeFile(join(it.docroot, 'index.html'), 'my own page')
  await synced(it)
  const found = await contentOf(it.docroot)
  assert.equal(found['index.html'], 'my own page')
  assert.equal(found['phish.ndb'], undefined)
  assert.ok(found['daily.cvd'])
})

test('more than a share of the tree is not deleted, and that is told', async () => {
  await using it = await mirrorWorld()
  await it.publish(1, releaseFiles(it, 1))
  await mkdir(it.docroot)
  for (let at = 0; at < 40; at++) await writeFile(join(it.docroot, `foreign-${at}`), 'x')
  const { end, complained } = await sync(it)
  assert.ok(end.kind === 'done')
  assert.equal(end.held?.kind, 'too-many')
  assert.match(complained, /nothing was deleted: 40 of 40 files would go, and at most 20 may/)
  assert.equal((await readdir(it.docroot)).length, 40 + 8)
  assert.equal((await synced(it, { deleteShareMax: 0.9 })).deleted, 40)
})
