import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { listFiles, sha256File } from './list-files.ts'
import { MirrorTrees } from './mirror-trees.ts'
import { PendingMarks } from './pending-marks.ts'

const signal = AbortSignal.timeout(60_000)
const work = () => mkdtempDisposable(join(tmpdir(), 'cvdnet-trees-'))

async function publish(trees: MirrorTrees, number: number) {
  await trees.recover()
  await mkdir(join(trees.incoming, 'database'), { recursive: true })
  await writeFile(join(trees.incoming, 'database', 'viruses.db'), `generation ${number}`)
  await trees.adopt(number, `record ${number}`, { known: new Set(), signal })
  await trees.switchTo(number)
}

test('the newest tree is current, three are kept, older ones go with their records', async () => {
  await using dir = await work()
  const trees = new MirrorTrees(dir.path)
  assert.equal(await trees.current(), undefined)
  for (const number of [3, 4, 9, 10, 11]) await publish(trees, number)
  const current = await trees.current()
  assert.deepEqual([current?.number, current?.record], [11, 'record 11'])
  const file = join(dir.path, 'current', 'database', 'viruses.db')
  assert.equal(await readFile(file, 'utf8'), 'generation 11')
  const left = (await readdir(join(dir.path, 'trees'))).sort()
  assert.deepEqual(left, ['10', '10.json', '11', '11.json', '9', '9.json'])
})

test('a tree that was made and never switched to becomes incoming again', async () => {
  await using dir = await work()
  const trees = new MirrorTrees(dir.path)
  await publish(trees, 3)
  await trees.recover()
  await writeFile(join(trees.incoming, 'daily.cvd'), 'fetched')
  await trees.adopt(4, 'record 4', { known: new Set(), signal })
  await trees.recover()
  assert.equal((await trees.current())?.number, 3)
  assert.equal(await readFile(join(trees.incoming, 'daily.cvd'), 'utf8'), 'fetched')
  assert.deepEqual((await readdir(join(dir.path, 'trees'))).sort(), ['3', '3.json'])
  await writeFile(join(dir.path, 'trees', '5.json'), 'a record whose tree was never made')
  await trees.recover()
  assert.deepEqual((await readdir(join(dir.path, 'trees'))).sort(), ['3', '3.json'])
})

test('a listing follows no link and tells what is no file', async () => {
  await using dir = await work()
  await mkdir(join(dir.path, 'a', 'b'), { recursive: true })
  await writeFile(join(dir.path, 'a', 'b', 'x'), '12345')
  await symlink('/etc', join(dir.path, 'link'))
  const { files, others, folders } = await listFiles(dir.path, signal)
  assert.deepEqual([...files.keys()], ['a/b/x'])
  assert.equal(files.get('a/b/x')?.bytes, 5)
  assert.deepEqual([others, folders], [['link'], ['a', 'a/b']])
  assert.equal((await listFiles(join(dir.path, 'none'), signal)).files.size, 0)
  const hash = '5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5'
  assert.equal(await sha256File(join(dir.path, 'a', 'b', 'x'), signal), hash)
})

test('a mark added while its subject is carried out survives it', async () => {
  await using dir = await work()
  const marks = new PendingMarks(join(dir.path, 'pending'))
  assert.deepEqual(await marks.list(), [])
  await marks.add('rsync1')
  await marks.add('[::1]:873/../x')
  const seen = await marks.list()
  assert.deepEqual(seen.map(({ subject }) => subject).sort(), ['[::1]:873/../x', 'rsync1'])
  await marks.add('rsync1')
  await marks.remove(seen)
  assert.deepEqual(
    (await marks.list()).map(({ subject }) => subject),
    ['rsync1'],
  )
})
