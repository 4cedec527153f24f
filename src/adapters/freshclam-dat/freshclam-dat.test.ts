import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  chmod,
  chown,
  mkdir,
  mkdtempDisposable,
  readdir,
  readFile,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DiskError } from '#adapters/disk/index.ts'
import { epochSeconds } from '#base/time.ts'
import { run, without } from '../../../test/support/run.ts'
import { describeRemembered, openFreshclamDat, writeFreshclamDat } from './index.ts'

const skip = without('freshclam')
const asRoot = process.geteuid?.() === 0
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A database folder, and the real freshclam on it, whose only mirror answers every request with 429. */
async function world() {
  await using starting = new AsyncDisposableStack()
  const { path: folder } = starting.use(await mkdtempDisposable(join(tmpdir(), 'cvdnet-dat-')))
  const databases = join(folder, 'db')
  await mkdir(databases)
  const agents: string[] = []
  const server = createServer((request, answer) => {
    agents.push(request.headers['user-agent'] ?? '')
    answer.writeHead(429, { 'Retry-After': '3600' }).end()
  }).listen(0, '127.0.0.1')
  starting.defer(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const conf = join(folder, 'freshclam.conf')
  const lines = [
    `DatabaseDirectory ${databases}`,
    `DatabaseOwner ${userInfo().username}`,
    `DatabaseMirror http://127.0.0.1:${port}`,
    'MaxAttempts 1',
  ]
  await writeFile(conf, `${lines.join('\n')}\n`)
  const owned = starting.move()
  return {
    databases,
    agents,
    file: join(databases, 'freshclam.dat'),
    freshclam: () =>
      run('freshclam', ['--stdout', `--config-file=${conf}`, '--no-dns', '--update-db=test']),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

test('what the real freshclam remembers is read: its uuid, and the time to keep still', {
  skip,
}, async () => {
  await using it = await world()
  const before = Math.floor(Date.now() / 1000)
  await it.freshclam()
  const theirs = await readFile(it.file)
  const { dat, by } = await openFreshclamDat(it.databases)
  assert.equal(by.kind, 'found')
  assert.ok(it.agents[0]?.includes(dat.uuid), it.agents[0])
  assert.ok((dat.retryAfter ?? 0) >= before + 3600)
  assert.ok((dat.retryAfter ?? 0) < before + 3700)
  assert.deepEqual(await readFile(it.file), theirs)
})

test('what we remember is what the real freshclam goes by', { skip }, async () => {
  await using it = await world()
  const made = await openFreshclamDat(it.databases)
  assert.equal(made.by.kind, 'made')
  assert.match(made.dat.uuid, UUID_V4)
  const retryAfter = epochSeconds(Math.floor(Date.now() / 1000) + 1800)
  await writeFreshclamDat(it.databases, { ...made.dat, retryAfter })
  assert.match((await it.freshclam()).all, /cool-down/i)
  assert.equal(it.agents.length, 0)
  await writeFreshclamDat(it.databases, made.dat)
  await it.freshclam()
  assert.ok(it.agents[0]?.includes(made.dat.uuid), it.agents[0])
  const again = await openFreshclamDat(it.databases)
  assert.deepEqual([again.by.kind, again.dat.uuid], ['found', made.dat.uuid])
})

const DAMAGES: readonly (readonly [string, (file: string) => Promise<void>, RegExp])[] = [
  ['cut', (file) => truncate(file, 40), /it has 40 bytes, not 90/],
  ['emptied', (file) => truncate(file, 0), /it has 0 bytes/],
  ['too long', (file) => writeFile(file, 'x', { flag: 'a' }), /it has 91 bytes/],
  ['another file', (file) => writeFile(file, 'x'.repeat(90)), /does not start with/],
]
for (const [situation, damage, words] of DAMAGES) {
  test(`a freshclam.dat that is ${situation} is told and made anew`, async () => {
    await using it = await world()
    const before = await openFreshclamDat(it.databases)
    await damage(it.file)
    const after = await openFreshclamDat(it.databases)
    assert.equal(after.by.kind, 'made-anew')
    assert.match(describeRemembered(after.by) ?? '', words)
    assert.match(after.dat.uuid, UUID_V4)
    assert.notEqual(after.dat.uuid, before.dat.uuid)
    const { dat, by } = await openFreshclamDat(it.databases)
    assert.deepEqual([by.kind, dat.uuid], ['found', after.dat.uuid])
    assert.equal(describeRemembered(by), undefined)
  })
}

test('a new file may be read by all, and an old one keeps its mode, and nothing lies beside it', async () => {
  await using it = await world()
  const { dat } = await openFreshclamDat(it.databases)
  assert.equal((await stat(it.file)).mode & 0o777, 0o644)
  await chmod(it.file, 0o600)
  const { ino } = await stat(it.file)
  await writeFreshclamDat(it.databases, dat)
  const after = await stat(it.file)
  assert.equal(after.mode & 0o777, 0o600)
  assert.notEqual(after.ino, ino, 'who reads the old one keeps it')
  assert.deepEqual(await readdir(it.databases), ['freshclam.dat'])
})

test('root leaves it to the owner of the folder, and then to its own', {
  skip: asRoot ? false : 'not root',
}, async () => {
  await using it = await world()
  await chown(it.databases, 4711, 4712)
  const { dat } = await openFreshclamDat(it.databases)
  const made = await stat(it.file)
  assert.deepEqual([made.uid, made.gid], [4711, 4712])
  await chown(it.file, 4713, 4714)
  await writeFreshclamDat(it.databases, dat)
  const kept = await stat(it.file)
  assert.deepEqual([kept.uid, kept.gid], [4713, 4714])
})

test('a folder that is not there, or a folder in its place, is the disk’s matter', async () => {
  await assert.rejects(openFreshclamDat('/nonexistent/db'), DiskError)
  await using it = await world()
  await mkdir(it.file)
  await assert.rejects(openFreshclamDat(it.databases), DiskError)
})
