import assert from 'node:assert/strict'
import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises'
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

test('what is there and is no folder is told', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-folders-'))
  const file = join(folder.path, 'file')
  await writeFile(file, '')
  await assert.rejects(makeFolders(file), { message: `Cannot make folder "${file}": EEXIST` })
  await assert.rejects(makeFolders(join(file, 'below')), DiskError)
})

// Node's recursive mkdir loops for ever here.
test('where nothing can be made it says so', { timeout: 10_000 }, async () => {
  await assert.rejects(makeFolders('/proc/nothing/here'), DiskError)
})
