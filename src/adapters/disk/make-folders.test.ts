import assert from 'node:assert/strict'
import { mkdtempDisposable, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DiskError, makeFolders } from './index.ts'

test('folders are made down to the last one, and made again without harm', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-folders-'))
  const deep = join(folder.path, 'a', 'b', 'c')
  await makeFolders(deep, 0o700)
  await makeFolders(deep)
  const found = await stat(deep)
  assert.ok(found.isDirectory())
  assert.equal(found.mode & 0o777, 0o700)
})

// Node's recursive mkdir loops for ever here.
test('where nothing can be made it says so', { timeout: 10_000 }, async () => {
  await assert.rejects(makeFolders('/proc/nothing/here'), DiskError)
})
