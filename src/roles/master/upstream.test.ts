import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { MemoryStore } from '#adapters/memory/index.ts'
import { acmeVersions } from '../../../test/support/acme-versions.ts'
import {
  aFolder,
  following,
  followingMaster,
  has,
  says,
} from '../../../test/support/following-master.ts'
import { packedOtherwise } from '../../../test/support/patched-versions.ts'
import { eventually, without } from '../../../test/support/run.ts'
import { updateClient } from '../../../test/support/update-world.ts'

const skip = without('rsync')

test('the first version comes whole, a jump over two by patches alone, to the same bytes', {
  skip,
}, async () => {
  await using upstream = await updateClient()
  await using folder = await aFolder()
  const { secrets, port, requests } = upstream
  const given = { servers: [`http://127.0.0.1:${port}`], secrets, folder: folder.path }
  const store = new MemoryStore()
  const sent = () =>
    requests
      .splice(0)
      .map((line) => /"GET \/(\S+) HTTP\/1.1" (\d+ \d+)/.exec(line)?.slice(1).join(' '))
  await upstream.release(1)
  {
    await using first = await followingMaster({ ...given, store })
    await has(first, 1)
    await says(first, /^upstream: acme is new: version 1, whole, \d+ bytes fetched$/m)
  }
  // It is away while two versions come.
  await upstream.release(2)
  await upstream.release(3)
  sent()
  await using master = await followingMaster({ ...given, store })
  await has(master, 3)
  const [header, second, third, ...more] = sent()
  assert.equal(header, 'acme.cvd 206 512')
  assert.match(`${second} ${third}`, /^acme-2\.cdiff 200 \d+ acme-3\.cdiff 200 \d+$/)
  for (const line of more) assert.equal(line, 'acme.cvd 206 512')
  assert.deepEqual(
    await readFile(master.path('acme.cvd')),
    await readFile(join(upstream.root, 'acme.cvd')),
  )
  assert.ok(master.files().includes('acme-2.cdiff') && master.files().includes('acme-3.cdiff'))
  await says(master, /^upstream: acme 1 → version 3, by patches, \d+ bytes fetched$/m)
  const journal = await store.journal.read({ limit: 10 })
  const releases = journal.filter(({ what }) => what === 'published').map(({ who }) => who)
  assert.deepEqual(releases, ['upstream', 'upstream'])
  // From now on a look costs its beginning.
  sent()
  await eventually(async () => assert.ok(requests.length > 1))
  assert.deepEqual([...new Set(sent())], ['acme.cvd 206 512'])
})

const SIGNED = 'X-0:0:*:cafebabe\n'

test('where patches are missing, broken or lead elsewhere the whole is fetched, and none of them published', {
  skip,
}, async () => {
  const acme = await acmeVersions()
  const [two, three] = [await acme.patch(2), await acme.patch(3)]
  const elsewhere = await acme.patch(2, acme.other(2, { more: SIGNED }))
  for (const [what, patches] of [
    ['missing', { 'acme-3.cdiff': three }],
    ['broken', { 'acme-2.cdiff': two, 'acme-3.cdiff': two.subarray(0, 200) }],
    ['for another', { 'acme-2.cdiff': elsewhere, 'acme-3.cdiff': three }],
  ] as const) {
    await using it = await following(acme)
    await has(it.master, 1)
    Object.assign(it.upstream.files, patches, { 'acme.cvd': acme.cvd(3) })
    await has(it.master, 3)
    assert.equal(it.upstream.asksFor('acme.cvd'), 2, what)
    assert.deepEqual(it.patches(), [], what)
  }
})

test('an empty patch is the word to take the whole, and goes on to the clients', {
  skip,
}, async () => {
  const acme = await acmeVersions()
  await using it = await following(acme)
  await has(it.master, 1)
  const patches = { 'acme-2.cdiff': await acme.patch(2), 'acme-3.cdiff': new Uint8Array() }
  Object.assign(it.upstream.files, patches, { 'acme.cvd': acme.cvd(3) })
  await has(it.master, 3)
  assert.deepEqual(it.patches(), ['acme-3.cdiff'])
})

test('patches of a publisher who packs as nobody else does go on, though the whole has to be fetched', {
  skip,
}, async () => {
  const acme = await acmeVersions()
  await using it = await following(acme)
  await has(it.master, 1)
  const whole = packedOtherwise(acme.cvd(2), acme.secrets)
  Object.assign(it.upstream.files, { 'acme-2.cdiff': await acme.patch(2), 'acme.cvd': whole })
  await has(it.master, 2)
  assert.deepEqual(it.patches(), ['acme-2.cdiff'])
})
