import assert from 'node:assert/strict'
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../../dev/demo/layout.ts'
import { aMirror } from '../../../test/support/records.ts'
import { run, without } from '../../../test/support/run.ts'
import { loginsOf, MirrorDoor } from './mirror-door.ts'

test('the door opens with the first login and shuts with the last', {
  skip: without('rsync'),
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-door-'))
  const tree = join(folder.path, 'tree')
  await mkdir(tree)
  await writeFile(join(tree, 'daily.cvd'), 'content')
  const host = '127.0.0.1'
  const port = await freePort([host])
  await using door = new MirrorDoor({
    host,
    port,
    module: 'clamavdb',
    path: tree,
    folder: folder.path,
  })
  const list = async (user: string) => {
    const env = { RSYNC_PASSWORD: `secret of ${user}` }
    return (await run('rsync', [`rsync://${user}@${host}:${port}/clamavdb/`], { env })).all
  }
  await door.letIn([])
  assert.match(await list('a'), /Connection refused/)
  await door.letIn(loginsOf([aMirror('a')]))
  assert.match(await list('a'), /daily\.cvd/)
  assert.match(await list('b'), /auth failed/)
  await door.letIn(loginsOf([aMirror('a', { stage: 'suspended' }), aMirror('b')]))
  assert.match(await list('a'), /auth failed/)
  assert.match(await list('b'), /daily\.cvd/)
  await door.letIn([])
  assert.match(await list('b'), /Connection refused/)
})

test('of two records with one login the first has it', () => {
  const login = { user: 'a', password: 'other' }
  assert.deepEqual(loginsOf([aMirror('a'), aMirror('b', { rsyncLogin: login })]), [
    { user: 'a', password: 'secret of a' },
  ])
})
