import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
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
