import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockHolder, takeLock } from './lock.ts'
import { thisProcess } from './process-identity.ts'

const work = () => mkdtempDisposable(join(tmpdir(), 'cvdnet-lock-'))

async function take(folder: string) {
  const attempt = await takeLock(folder, 'a test')
  assert.equal(attempt.kind, 'taken')
  assert.ok(attempt.kind === 'taken')
  return attempt.lock
}

/** A lock file as another process left it. */
async function leave(folder: string, number: number, change: Readonly<Record<string, unknown>>) {
  const holder = { ...(await thisProcess()), note: 'left', since: 0, ...change }
  await writeFile(join(folder, String(number)), JSON.stringify(holder))
}

test('one holder at a time, who says what it does; after it the next, with a higher number', async () => {
  await using dir = await work()
  const first = await take(dir.path)
  const busy = await takeLock(dir.path, 'another')
  assert.ok(busy.kind === 'busy')
  assert.deepEqual([busy.holder?.pid, busy.holder?.note], [process.pid, 'a test'])
  assert.equal((await lockHolder(dir.path))?.note, 'a test')
  await first[Symbol.asyncDispose]()
  assert.equal(await lockHolder(dir.path), undefined)
  await using second = await take(dir.path)
  assert.ok(second.number > first.number)
  assert.ok(await second.isOurs())
  assert.equal(await first.isOurs(), false)
})

test('a dead process, a reused number and an earlier start of the machine hold nothing', async () => {
  const stale: Readonly<Record<string, unknown>>[] = [
    { pid: 2 ** 22 + 1 },
    { startedAt: '1' },
    { bootId: 'an earlier one' },
    { pid: 'nonsense' },
  ]
  for (const change of stale) {
    await using dir = await work()
    await leave(dir.path, 7, change)
    await using lock = await take(dir.path)
    assert.equal(lock.number, 8)
  }
})

test('who cannot be seen from here lives as long as its heart beats', async () => {
  await using dir = await work()
  await leave(dir.path, 3, { bootId: 'another', host: 'another machine' })
  assert.equal((await takeLock(dir.path, 'x')).kind, 'busy')
  await leave(dir.path, 4, { pidNamespace: 'pid:[1]' })
  assert.equal((await takeLock(dir.path, 'x')).kind, 'busy')
  const long = Date.now() / 1000 - 200
  await utimes(join(dir.path, '4'), long, long)
  await using lock = await take(dir.path)
  assert.equal(lock.number, 5)
})

test('a holder that was followed knows it, and does not release the lock of its follower', async () => {
  await using dir = await work()
  const slow = await take(dir.path)
  await leave(dir.path, slow.number + 1, {})
  assert.equal(await slow.isOurs(), false)
  await slow[Symbol.asyncDispose]()
  assert.equal((await takeLock(dir.path, 'x')).kind, 'busy')
})

test('old numbers go, and no half-made file stays', async () => {
  await using dir = await work()
  for (let round = 0; round < 20; round++) await (await take(dir.path))[Symbol.asyncDispose]()
  const names = await readdir(dir.path)
  assert.ok(names.length <= 9, names.join())
  assert.ok(names.every((name) => /^\d+$/.test(name)))
})

/** Takes the lock again and again; in it, looks whether anybody else is in it. Some die while they hold it. */
const CONTENDER = `
import { openSync, closeSync, readFileSync, unlinkSync, writeSync, appendFileSync, existsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { takeLock } from ${JSON.stringify(import.meta.resolve('./lock.ts'))}
const [folder, mark, log, dies] = process.argv.slice(2)
const end = Date.now() + 3000
let taken = 0
while (Date.now() < end) {
  const attempt = await takeLock(folder, 'contender')
  if (attempt.kind === 'busy') { await setTimeout(Math.random() * 3); continue }
  taken++
  let inside
  try { inside = openSync(mark, 'wx') } catch {
    const pid = Number(readFileSync(mark, 'utf8'))
    if (existsSync('/proc/' + pid) && !readFileSync('/proc/' + pid + '/stat', 'utf8').includes(') Z ')) {
      appendFileSync(log, 'both ' + pid + ' and ' + process.pid + '\\n')
    }
    unlinkSync(mark)
    inside = openSync(mark, 'wx')
  }
  writeSync(inside, String(process.pid)); closeSync(inside)
  await setTimeout(Math.random() * 2)
  if (dies === 'dies' && taken === 3) process.kill(process.pid, 'SIGKILL')
  unlinkSync(mark)
  await attempt.lock[Symbol.asyncDispose]()
}
appendFileSync(log, 'taken ' + taken + '\\n')
`

test('many processes, some of which die in it, are never in it together', async () => {
  await using dir = await work()
  const script = join(dir.path, 'contender.mjs')
  await writeFile(script, CONTENDER)
  const [folder, mark, log] = ['locks', 'mark', 'log'].map((name) => join(dir.path, name))
  assert.ok(folder && mark && log)
  await writeFile(log, '')
  const children = Array.from({ length: 6 }, (_, at) =>
    spawn(process.execPath, [script, folder, mark, log, at % 2 === 0 ? 'dies' : 'lives'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  )
  await Promise.all(children.map((child) => once(child, 'exit')))
  const lines = (await readFile(log, 'utf8')).trim().split('\n')
  assert.deepEqual(
    lines.filter((line) => line.startsWith('both')),
    [],
  )
  const taken = lines.map((line) => Number(line.replace('taken ', '')))
  assert.equal(taken.length, 3)
  assert.ok(
    Math.min(...taken) > 5,
    `taken ${taken.join()} times: nobody starves, nobody blocks for ever`,
  )
})
