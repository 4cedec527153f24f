import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { systemClock } from '#adapters/system/index.ts'
import { Shelf } from './shelf.ts'

const signal = AbortSignal.timeout(60_000)

/** Makes a tree of so high a number the one to serve. */
async function switchTo(state: string, number: number): Promise<void> {
  const folder = join(state, 'trees', `${number}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'timestamp'), `${number}`)
  const record = { serial: number, generation: number, digest: '', files: [], known: [] }
  await writeFile(`${folder}.json`, JSON.stringify(record))
  await rm(join(state, 'current'), { force: true })
  await symlink(`trees/${number}`, join(state, 'current'))
}

test('two who look at once publish each release once, and never an older one after a newer', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-shelf-'))
  const shelf = new Shelf(folder.path)
  const published: string[] = []
  shelf.publish = async ({ files }) => {
    const text = String(files.get('timestamp')?.start)
    // The first is slow to be loaded by all.
    if (published.length === 0) await wait(100)
    published.push(text)
  }
  await switchTo(folder.path, 1)
  const first = [shelf.refresh(signal), shelf.refresh(signal)]
  await wait(30)
  await switchTo(folder.path, 2)
  await Promise.all([...first, shelf.refresh(signal)])
  assert.deepEqual(published, ['1', '2'])
  assert.deepEqual(shelf.served, { serial: 2, generation: 2 })
})

test('a tree that cannot be served is told of when the trouble lasts, once', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-shelf-'))
  const shelf = new Shelf(folder.path)
  let isFailing = true
  shelf.publish = async () => {
    if (isFailing) throw new Error('no memory')
  }
  await switchTo(folder.path, 1)
  const told: string[] = []
  const stop = new AbortController()
  let looks = 0
  const clock = {
    ...systemClock,
    sleep: async () => {
      looks += 1
      if (looks === 10) assert.deepEqual(told, [])
      if (looks === 25) isFailing = false
      if (looks === 30) stop.abort()
    },
  }
  await shelf.keepFresh(clock, (line) => told.push(line), stop.signal)
  assert.deepEqual(told, ['the newest tree cannot be served: Error: no memory'])
  assert.deepEqual(shelf.served, { serial: 1, generation: 1 })
})
