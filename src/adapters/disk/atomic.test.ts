import assert from 'node:assert/strict'
import {
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  readlink,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { epochSeconds } from '#base/time.ts'
import { syncsAround } from '../../../test/support/syncs.ts'
import {
  copyDurably,
  isLeftover,
  linkOrCopy,
  neighbour,
  removeLeftovers,
  switchLink,
  writeFileAtomic,
  writeNewFile,
} from './atomic.ts'
import { DiskError, errnoOf } from './error.ts'

const work = () => mkdtempDisposable(join(tmpdir(), 'cvdnet-atomic-'))

test('an atomic write leaves one file with content, mode and time, and no neighbour', async () => {
  await using dir = await work()
  const path = join(dir.path, 'timestamp')
  await writeFile(path, 'old')
  const before = (await stat(path)).ino
  await writeFileAtomic(path, 'new', { mode: 0o640, lastModified: epochSeconds(1_000_000_000) })
  assert.equal(await readFile(path, 'utf8'), 'new')
  const after = await stat(path)
  assert.equal(after.mode & 0o777, 0o640)
  assert.equal(after.mtimeMs, 1_000_000_000_000)
  assert.notEqual(after.ino, before, 'a reader of the old file must keep it')
  assert.deepEqual(await readdir(dir.path), ['timestamp'])
})

test('content is durable before it has its name, and the name after that', async () => {
  await using dir = await work()
  for (const [file, write] of [
    ['replaced', writeFileAtomic],
    ['new', writeNewFile],
  ] as const) {
    const path = join(dir.path, file)
    const syncs = await syncsAround(path, () => write(path, 'x'))
    assert.deepEqual(syncs, ['file before', 'folder after'], file)
  }
})

test('a failed write says what it was doing, has a code and leaves nothing', async () => {
  await using dir = await work()
  await mkdir(join(dir.path, 'taken', 'full'), { recursive: true })
  await assert.rejects(writeFileAtomic(join(dir.path, 'taken'), 'x'), (error: unknown) => {
    assert.ok(error instanceof DiskError)
    assert.match(error.message, /^Cannot put ".*taken" in place/)
    return true
  })
  await assert.rejects(writeFileAtomic(join(dir.path, 'no', 'where'), 'x'), { code: 'vanished' })
  assert.deepEqual(await readdir(dir.path), ['taken'])
})

test('a new file replaces nothing, and a failed one leaves nothing', async () => {
  await using dir = await work()
  const path = join(dir.path, 'keys')
  await writeNewFile(path, 'mine', { mode: 0o600 })
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  await assert.rejects(writeNewFile(path, 'other'), (error: unknown) => {
    assert.ok(error instanceof DiskError)
    assert.equal(errnoOf(error.cause), 'EEXIST')
    return true
  })
  assert.equal(await readFile(path, 'utf8'), 'mine')
  await assert.rejects(writeNewFile(join(dir.path, 'no', 'where'), 'x'), { code: 'vanished' })
  assert.deepEqual(await readdir(dir.path), ['keys'])
})

// Commands that waited for the lock on the keys failed: the holder's half-written file went while it was looked at.
test('leftovers are removed while others write in the folder, and theirs stay', async () => {
  await using dir = await work()
  const old = join(dir.path, '.cvdnet-0123456789abcdef.tmp')
  await writeFile(old, 'left')
  await utimes(old, 0, 0)
  const writing = Array.from({ length: 40 }, async (_, at) => {
    for (let round = 0; round < 5; round += 1) {
      await writeFileAtomic(join(dir.path, `file${at}`), 'x')
      await removeLeftovers(dir.path, Date.now())
    }
  })
  await Promise.all(writing)
  assert.equal((await readdir(dir.path)).length, 40)
})

test('a link is switched over a link, and first made where none was', async () => {
  await using dir = await work()
  const current = join(dir.path, 'current')
  await switchLink(current, 'trees/1')
  await switchLink(current, 'trees/2')
  assert.equal(await readlink(current), 'trees/2')
  assert.deepEqual(await readdir(dir.path), ['current'])
})

test('linking shares the file, copying makes another; neither overwrites', async () => {
  await using dir = await work()
  const [from, linked, copied] = ['from', 'linked', 'copied'].map((name) => join(dir.path, name))
  assert.ok(from && linked && copied)
  await writeFile(from, 'payload')
  assert.equal(await linkOrCopy(from, linked), 'linked')
  assert.equal((await stat(linked)).ino, (await stat(from)).ino)
  await copyDurably(from, copied, epochSeconds(5))
  assert.notEqual((await stat(copied)).ino, (await stat(from)).ino)
  assert.equal((await stat(copied)).mtimeMs, 5000)
  await assert.rejects(linkOrCopy(from, copied), DiskError)
  await assert.rejects(copyDurably(linked, copied), DiskError)
  assert.equal(await readFile(copied, 'utf8'), 'payload')
})

test('leftovers are known by name, and nothing else is', () => {
  assert.ok(isLeftover(neighbour('/a/b')))
  for (const name of ['daily.cvd', '.cvdnet-x.tmp', '.htaccess', 'local_a.tmp']) {
    assert.equal(isLeftover(name), false)
  }
})

test('root may leave a file to another owner, who has it from its first moment', {
  skip: process.geteuid?.() === 0 ? false : 'not root',
}, async () => {
  await using dir = await work()
  const path = join(dir.path, 'given')
  await writeFileAtomic(path, 'text', { mode: 0o600, owner: { uid: 4711, gid: 4712 } })
  const given = await stat(path)
  assert.deepEqual([given.uid, given.gid, given.mode & 0o777], [4711, 4712, 0o600])
})
