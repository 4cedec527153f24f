import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseChecksum } from '#formats/legacy-db/index.ts'
import { layout } from '../../dev/demo/layout.ts'
import { type TestNetwork, testNetwork } from '../support/network.ts'
import { writeOwnDatabase } from '../support/own-database.ts'
import { without } from '../support/run.ts'

const skip = without('ssh', 'rsync')

async function database(
  network: TestNetwork,
  name: 'main' | 'daily',
  version: number,
  members: Readonly<Record<string, string>>,
): Promise<string> {
  const path = join(network.folder, `${name}-${version}`, `${name}.cvd`)
  return await writeOwnDatabase(path, network.keys.publisher, { name, version, members })
}

async function served({ json }: TestNetwork, file: string): Promise<string> {
  const [mirror] = json.mirrors
  const answer = await fetch(`http://${mirror?.host}:${mirror?.httpPort}/${file}`)
  return answer.ok ? await answer.text() : String(answer.status)
}

/** What a client of 2003 gets, after its own check: the databases whose MD5 is the one it was told (formats.md 6.3). */
async function clientOf2003(network: TestNetwork): Promise<readonly string[]> {
  const got: string[] = []
  for (const [database, checksum] of [
    ['viruses.db', 'viruses.md5'],
    ['viruses.db2', 'viruses2.md5'],
  ] as const) {
    for (const folder of ['database/', '']) {
      const text = await served(network, `${folder}${database}`)
      const md5 = parseChecksum(await served(network, `${folder}${checksum}`))
      const sum = createHash('md5').update(text).digest('hex')
      got.push(md5 === sum ? text : `${folder}${database}: ${text}`)
    }
  }
  return got
}

test('with main and daily come the databases of 2003, at both places, and they follow each of the two', {
  skip,
}, async () => {
  await using network = await testNetwork(1)
  const main = await database(network, 'main', 1, { db: 'Old.A=DEADBEEF\n' })
  const alone = await network.release([main])
  assert.doesNotMatch(alone, /2003|viruses/)
  assert.equal(await served(network, 'viruses.db'), '404')
  const first = { ndb: 'New.B:0:*:cafe01\nNew.C:1:EP+0:cafe02\n' }
  const said = await network.release([await database(network, 'daily', 1, first)])
  assert.match(said, /main for clients of 2003: 1 signatures, 0 left out/)
  assert.match(said, /daily for clients of 2003: 1 signatures, 1 left out/)
  const [a, b] = ['Old.A=deadbeef\n', 'New.B=cafe01\n']
  assert.deepEqual(await clientOf2003(network), [a, a, b, b])
  const tree = join(layout(network.folder).master('rsync1'), 'current')
  const before = await lstat(join(tree, 'viruses.db'))
  assert.equal(before.ino, (await lstat(join(tree, 'database/viruses.db'))).ino)
  assert.ok(Date.now() - before.mtimeMs < 120_000, 'dated by its publication')
  const second = { ndb: `${first.ndb}New.D:0:*:cafe03\n` }
  const again = await network.release([await database(network, 'daily', 2, second)])
  assert.doesNotMatch(again, /main for clients/)
  const c = `${b}New.D=cafe03\n`
  assert.deepEqual(await clientOf2003(network), [a, a, c, c])
  assert.equal((await lstat(join(tree, 'viruses.db'))).mtimeMs, before.mtimeMs)
})

test('a daily that says nothing in the old format is published, and the old files stay', {
  skip,
}, async () => {
  await using network = await testNetwork(1)
  await network.release([
    await database(network, 'main', 1, { db: 'Old.A=deadbeef\n' }),
    await database(network, 'daily', 1, { ndb: 'New.B:0:*:cafe01\n' }),
  ])
  const hashes = { hdb: 'd41d8cd98f00b204e9800998ecf8427e:99:New.H\n' }
  const said = await network.release([await database(network, 'daily', 2, hashes)])
  assert.match(said, /accepted: daily 2/)
  assert.match(
    said,
    /viruses\.db and viruses\.db2 stay as they are: none of the 0 signatures in daily/,
  )
  const [a, b] = ['Old.A=deadbeef\n', 'New.B=cafe01\n']
  assert.deepEqual(await clientOf2003(network), [a, a, b, b])
  const intake = join(layout(network.folder).master('rsync1'), 'intake')
  assert.deepEqual(await readdir(intake), [])
})
