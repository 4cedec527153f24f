import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempDisposable, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeNetworkKeys, TufSigner } from '#adapters/tuf/index.ts'
import { generation, serial } from '#base/names.ts'
import { epochMs } from '#base/time.ts'
import { cvd, mirror } from '../../../test/support/acme.ts'
import type { FakeServer } from '../../../test/support/database-servers.ts'
import { updateRun } from '../../../test/support/update-run.ts'

const DAY_MS = 86_400_000

async function network() {
  const folder = await mkdtempDisposable(join(tmpdir(), 'cvdnet-network-'))
  const keys = join(folder.path, 'keys')
  await makeNetworkKeys(keys, epochMs(Date.now()))
  const signer = await TufSigner.load(keys)
  let trees = 0
  return {
    root: join(keys, 'root.json'),
    /** A mirror whose files are signed as this generation. */
    async signed(server: FakeServer, number: number, ageMs = 0): Promise<FakeServer> {
      const tree = join(folder.path, `tree-${++trees}`)
      const files = Object.entries(server.files).map(([path, bytes]) => {
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        return [path, { path, bytes: bytes.length, sha256 }] as const
      })
      const [serialNumber, generationNumber] = [serial(number), generation(number)]
      assert.ok(serialNumber !== undefined && generationNumber !== undefined)
      const numbers = { serial: serialNumber, generation: generationNumber }
      const now = epochMs(Date.now() - ageMs)
      await signer.sign(tree, { ...numbers, files: new Map(files) }, now)
      const metadata: Record<string, Uint8Array> = {}
      for (const name of await readdir(join(tree, 'tuf'))) {
        metadata[`tuf/${name}`] = await readFile(join(tree, 'tuf', name))
      }
      return { ...server, files: { ...server.files, ...metadata } }
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

test('with the network’s root a record that says otherwise keeps no client behind', async () => {
  await using net = await network()
  const one = await net.signed(mirror(4), 4)
  await using it = await updateRun({ one }, { record: 1, local: 1, networkRoot: net.root })
  const end = await it.end()
  assert.ok(end.kind === 'updated')
  assert.deepEqual([end.to, end.way, end.status], [4, 'patches', 0])
  assert.equal((await it.end()).kind, 'up-to-date')
})

test('a mirror without a manifest of this network, or with an old one, is not asked for anything', async () => {
  await using net = await network()
  await using foreign = await network()
  const servers = {
    bare: mirror(4),
    foreign: await foreign.signed(mirror(4), 9),
    stopped: await net.signed(mirror(3), 3, 3 * DAY_MS),
    good: await net.signed(mirror(2), 2),
  }
  await using it = await updateRun(servers, { local: 1, networkRoot: net.root })
  const end = await it.end()
  assert.ok(end.kind === 'updated')
  assert.deepEqual([end.to, end.server], [2, 'http://good'])
  const asked = it.fake.asked.filter((one) => !/ tuf\//.test(one))
  assert.ok(
    asked.every((one) => one.startsWith('good ')),
    asked.join(),
  )
  const said = it.said.join('\n')
  assert.match(said, /http:\/\/foreign: the network’s manifest: /)
  assert.match(said, /http:\/\/stopped: the network’s manifest: .*expired/i)
  await using alone = await updateRun(
    { foreign: servers.foreign },
    { local: 1, networkRoot: net.root },
  )
  const refused = await alone.end()
  assert.deepEqual([refused.kind, refused.status, await alone.version()], ['refused', 1, 1])
})

test('files that are signed by their publisher, and not what the network has published, are refused', async () => {
  await using net = await network()
  const honest = await net.signed(mirror(3), 3)
  const held = { ...honest, files: { ...honest.files, 'acme.cvd': cvd(2) } }
  await using it = await updateRun({ held }, { networkRoot: net.root })
  const end = await it.end()
  assert.deepEqual([end.kind, end.status], ['refused', 1])
  assert.match(it.said.join('\n'), /shows version 2, and the network has published a patch to 3/)
  const other = { ...honest, files: { ...honest.files, 'acme-3.cdiff': new Uint8Array() } }
  await using two = await updateRun({ other, honest }, { local: 1, networkRoot: net.root })
  const done = await two.end()
  assert.ok(done.kind === 'updated')
  assert.deepEqual([done.to, done.way], [3, 'patches'])
  assert.match(two.said.join('\n'), /acme-3\.cdiff: it is not what the network has published/)
})

test('what a client has seen once is never followed by something older', async () => {
  await using net = await network()
  const servers: Record<string, FakeServer> = { one: await net.signed(mirror(3), 3) }
  await using it = await updateRun(servers, { networkRoot: net.root })
  assert.equal((await it.end()).kind, 'updated')
  servers['one'] = await net.signed(mirror(2), 2)
  const end = await it.end()
  assert.deepEqual([end.kind, await it.version()], ['refused', 3])
  servers['one'] = await net.signed(mirror(4), 4)
  assert.deepEqual([(await it.end()).kind, await it.version()], ['updated', 4])
})
