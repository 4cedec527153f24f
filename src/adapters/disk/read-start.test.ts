import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readStart } from './read-start.ts'

test('a file is read up to its end or to the cap, and no further', async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'cvdnet-start-'))
  const path = join(dir.path, 'file')
  await writeFile(path, 'abcdef')
  assert.equal(Buffer.from(await readStart(path, 100)).toString(), 'abcdef')
  assert.equal(Buffer.from(await readStart(path, 4)).toString(), 'abcd')
  await writeFile(path, '')
  assert.equal((await readStart(path, 4)).byteLength, 0)
})

test('what is no plain file is refused at once, and says so', { timeout: 10_000 }, async () => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'cvdnet-start-'))
  const pipe = join(dir.path, 'pipe')
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0)
  for (const path of [pipe, '/dev/zero', dir.path]) {
    await assert.rejects(readStart(path, 4), {
      message: `Cannot read "${path}", which is not a plain file`,
    })
  }
  await assert.rejects(readStart(join(dir.path, 'none'), 4), { code: 'vanished' })
})
